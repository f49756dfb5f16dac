"""Component facts from manifest components."""

from __future__ import annotations

from scanner.codefacts import Origin
from scanner.collect.app.manifest_parts import ManifestComponent
from scanner.facts import Component
from scanner.model import Evidence, Text, XmlLocator

MANIFEST = "AndroidManifest.xml"


NOTES = {
    True: Text(
        zh='清单停用此组件（android:enabled="false"），代码中有启用它的调用',
        en='the manifest disables it (android:enabled="false"); code has a call that enables it',
    ),
    False: Text(
        zh='清单停用此组件（android:enabled="false"），代码未见启用，不会运行',
        en='the manifest disables it (android:enabled="false") and no code enables it: it does not run',
    ),
    None: Text(
        zh='清单停用此组件（android:enabled="false"），代码是否启用不能确定',
        en='the manifest disables it (android:enabled="false"); whether code enables it cannot be told',
    ),
}


UNGUARDED = Text(zh="清单没有为它声明任何访问权限", en="the manifest states no permission for it")
UNGUARDED_BY_DEFAULT = Text(
    zh="没有写明 android:exported，按系统的缺省对外开放；清单没有为它声明任何访问权限",
    en="android:exported is not stated, so by default it is open; the manifest states no permission for it",
)


def component_fact(component: ManifestComponent, owner: Origin, switched_on: bool | None = None) -> Component:
    """Return the fact for ``component``, written by ``owner``; an alias stands for its target class.

    ``switched_on``: whether code enables one that the manifest disables, None where that is not known.
    """
    excerpt = f"{component.name} exported={'true' if component.exported else 'false'}"
    excerpt += f' permission="{component.permission}"' if component.permission else ""
    excerpt += "" if component.enabled else " enabled=false"
    return Component(
        kind=component.kind,
        name=component.target or component.name,
        exported=component.exported,
        exported_explicit=component.exported_explicit,
        enabled=component.enabled,
        switched_on=None if component.enabled else switched_on,
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
        evidence=(
            Evidence(
                artifact=MANIFEST,
                locator=XmlLocator(path=component.path),
                excerpt=excerpt,
                note=_note(component, switched_on),
            ),
        ),
    )


def _note(component: ManifestComponent, switched_on: bool | None) -> Text | None:
    """Return what the attributes do not say themselves: that it is switched off, or open with no permission."""
    if not component.enabled:
        return NOTES[switched_on]
    guards = (component.permission, component.read_permission, component.write_permission)
    if not component.exported or component.launcher or any(guards):
        return None
    return UNGUARDED if component.exported_explicit else UNGUARDED_BY_DEFAULT
