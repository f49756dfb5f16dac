"""Component facts from manifest components."""

from __future__ import annotations

from scanner.codefacts import Origin
from scanner.collect.app.manifest_parts import ManifestComponent
from scanner.facts import Component
from scanner.model import Evidence, XmlLocator

MANIFEST = "AndroidManifest.xml"


def component_fact(component: ManifestComponent, owner: Origin) -> Component:
    """Return the fact for ``component``, written by ``owner``; an alias stands for its target class."""
    excerpt = f"{component.name} exported={'true' if component.exported else 'false'}"
    excerpt += f' permission="{component.permission}"' if component.permission else ""
    return Component(
        kind=component.kind,
        name=component.target or component.name,
        exported=component.exported,
        exported_explicit=component.exported_explicit,
        enabled=component.enabled,
        permission=component.permission,
        read_permission=component.read_permission,
        write_permission=component.write_permission,
        grant_uri_permissions=component.grant_uri_permissions,
        label=component.label,
        process=component.process,
        authorities=component.authorities,
        actions=component.actions,
        categories=component.categories,
        schemes=component.schemes,
        launcher=component.launcher,
        foreground_service_type=component.service_types,
        owner=owner,
        evidence=(Evidence(artifact=MANIFEST, locator=XmlLocator(path=component.path), excerpt=excerpt),),
    )
