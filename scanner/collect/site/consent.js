// Runs in an isolated world of a frame: finds consent banners and dialogs from their buttons upwards and describes
// them.  The elements stay in this world's `choices`, so that the collector can click the one it means.
((words) => {
  const topic = new RegExp(words.topic, 'i'), known = new RegExp(words.container, 'i');
  const choice = new RegExp(words.choice, 'i'), policy = new RegExp(words.policy, 'i');
  const clickable = 'button,a,[role=button],input[type=button],input[type=submit],[onclick],[tabindex],label,span,div,p,i,svg';
  const view = [innerWidth, innerHeight];
  const everything = [];
  const gather = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (everything.length >= 40000) return;
      everything.push(element);
      if (element.shadowRoot) gather(element.shadowRoot);
    }
  };
  gather(document);
  const parent = (e) => e.parentElement ?? (e.getRootNode() instanceof ShadowRoot ? e.getRootNode().host : null);
  const text = (e) => (e.innerText ?? e.textContent ?? '').replace(/\s+/g, ' ').trim();
  const label = (e) => (text(e) || e.value || e.getAttribute('aria-label') || e.title || '').toString().replace(/\s+/g, ' ').trim();
  const shown = (e) => {
    const box = e.getBoundingClientRect();
    if (box.width < 4 || box.height < 4) return false;
    return e.checkVisibility ? e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) : true;
  };
  const named = (e) => `${e.id} ${e.getAttribute('class') ?? ''} ${e.getAttribute('aria-label') ?? ''} ${e.tagName}`;
  const layer = (e) => {
    const style = getComputedStyle(e), role = e.getAttribute('role') ?? '';
    if (/^(fixed|sticky)$/.test(style.position)) return 'fixed';
    if (/dialog/.test(role) || e.getAttribute('aria-modal') === 'true' || e.tagName === 'DIALOG') return 'dialog';
    if (style.position === 'absolute' && Number(style.zIndex) >= 10) return 'fixed';
    return '';
  };
  const interactive = (e) => e.matches('button,a,[role=button],[role=link],input,[onclick],[tabindex]')
    || getComputedStyle(e).cursor === 'pointer';
  // A button says what it does; only one without words is judged by its name in the markup.
  const closer = (e, name) => /^[×✕✖xX╳⨯✗]$/.test(name) || (!choice.test(name) && name.length < 8 && /close|dismiss|关闭/i.test(named(e)));

  // 1. buttons whose words are a choice, and the layer each stands in
  const homes = new Map();
  for (const element of everything) {
    if (!element.matches(clickable)) continue;
    const name = label(element);
    if (!name || name.length > 40 || !choice.test(name) || !interactive(element) || !shown(element)) continue;
    let home = null, strong = null;
    for (let at = parent(element), steps = 0; at && at !== document.body && at !== document.documentElement && steps < 30; at = parent(at), steps++) {
      const words = text(at);
      if (words.length > 20000) break;
      if (words.length < 10 || !topic.test(words)) continue;
      const kind = layer(at);
      if (kind && shown(at)) { home = at; if (kind === 'dialog') break; }
      else if (!strong && known.test(named(at)) && words.length < 3000) strong = at;
    }
    home ??= strong;
    if (home) homes.set(home, (homes.get(home) ?? 0) + 1);
  }
  // Of nested layers keep the outermost that is not the whole page.
  const list = [...homes.keys()].filter((home) => ![...homes.keys()].some((other) => other !== home && other.contains(home) && text(other).length < text(home).length * 3 + 200));

  // 2. what each looks like
  const rgb = (value) => (value.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const background = (e) => {
    for (let at = e; at; at = parent(at)) {
      const style = getComputedStyle(at), colour = rgb(style.backgroundColor);
      if (style.backgroundImage !== 'none' && at === e) return [128, 128, 200];
      if (colour.length < 4 || colour[3] > 0.5) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const rect = (e) => { const b = e.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; };
  const path = (e) => {
    const steps = [];
    for (let at = e; at && at.nodeType === 1 && steps.length < 12; at = parent(at)) {
      if (at.id && /^[\w-]+$/.test(at.id)) { steps.unshift('#' + at.id); break; }
      const twins = at.parentElement ? [...at.parentElement.children].filter((c) => c.tagName === at.tagName) : [at];
      steps.unshift(at.tagName.toLowerCase() + (twins.length > 1 ? `:nth-of-type(${twins.indexOf(at) + 1})` : ''));
    }
    return steps.join(' > ').slice(0, 300);
  };
  const inside = (home) => everything.filter((e) => {
    for (let at = e; at; at = parent(at)) if (at === home) return true;
    return false;
  });
  const covered = (home) => {
    // The share of a 7 × 7 grid of the window where the page itself cannot be reached.
    let blocked = 0;
    for (let i = 0; i < 49; i++) {
      const x = view[0] * ((i % 7) + 0.5) / 7, y = view[1] * (Math.floor(i / 7) + 0.5) / 7;
      for (let at = document.elementFromPoint(x, y); at; at = parent(at)) {
        if (at === document.body || at === document.documentElement) break;
        if (at === home || /fixed|sticky/.test(getComputedStyle(at).position)) { blocked += 1; break; }
        if (at.contains(home)) break;
      }
    }
    return blocked / 49;
  };
  globalThis.choices = [];
  const dialogs = list.slice(0, 5).map((home) => {
    const parts = inside(home);
    const buttons = [];
    for (const e of parts) {
      if (!e.matches(clickable) || !interactive(e) || !shown(e)) continue;
      const name = label(e), close = closer(e, name);
      if ((!name && !close) || name.length > 40) continue;
      if (e.matches('input[type=checkbox],input[type=radio]')) continue;
      // A wrapper and the button inside it are one choice; the inner one counts, unless only the wrapper can be clicked.
      const twin = buttons.find((b) => b.element.contains(e) && (b.label === name || (close && b.close)));
      if (twin && twin.element.matches('button,a,[role=button],input')) continue;
      if (twin) buttons.splice(buttons.indexOf(twin), 1);
      const style = getComputedStyle(e), box = rect(e);
      buttons.push({
        element: e, label: name, close, tag: e.tagName, href: e.getAttribute('href') ?? '', box, css: path(e),
        font: parseFloat(style.fontSize) || 0, weight: Number(style.fontWeight) || 400, colour: rgb(style.color).slice(0, 3),
        background: background(e), border: parseFloat(style.borderTopWidth) > 0,
      });
    }
    for (const b of buttons.slice(0, 40)) { b.index = globalThis.choices.push(b.element) - 1; delete b.element; }
    const boxes = parts.filter((e) => e.matches('input[type=checkbox],[role=switch],[role=checkbox]')).slice(0, 60).map((e) => {
      const row = e.closest('label') ?? (e.id && document.querySelector(`label[for="${CSS.escape(e.id)}"]`)) ?? parent(e);
      return {
        checked: e.checked ?? e.getAttribute('aria-checked') === 'true', disabled: !!e.disabled || e.getAttribute('aria-disabled') === 'true',
        label: (label(row ?? e) || e.getAttribute('aria-label') || e.name || '').slice(0, 80), css: path(e), shown: shown(row ?? e),
        index: globalThis.choices.push(e) - 1,
      };
    });
    const style = getComputedStyle(home), box = rect(home);
    return {
      text: text(home).slice(0, 2000), css: path(home), box, view, background: background(home), layer: layer(home), covered: covered(home),
      locked: [document.body, document.documentElement].some((e) => e && getComputedStyle(e).overflowY === 'hidden'),
      buttons: buttons.slice(0, 40), boxes, policy: parts.some((e) => e.matches('a') && policy.test(label(e) + ' ' + (e.getAttribute('href') ?? ''))),
      fields: parts.filter((e) => e.matches('input[type=password],input[type=tel],input[type=text],input[type=email],input:not([type])') && shown(e)).length,
      modal: home.getAttribute('aria-modal') === 'true' || (home.tagName === 'DIALOG' && home.open), shadow: home.getRootNode() instanceof ShadowRoot,
    };
  });
  return dialogs;
})
