// Runs in an isolated world of a frame: the page's scripts neither see it nor can they change what it reads.
(async (options) => {
  const { channel, top, maxHtml, maxNodes } = options;
  document.dispatchEvent(new Event(channel));
  const entries = (open) => {
    try {
      const store = open();
      return Array.from({ length: Math.min(store.length, 200) }, (_, i) => {
        const key = store.key(i), value = store.getItem(key) ?? '';
        return [key.slice(0, 300), value.slice(0, 512), value.length];
      });
    } catch { return []; }
  };
  const names = async (ask) => { try { return (await ask()).slice(0, 100); } catch { return []; } };
  const found = {
    url: location.href, origin: location.origin,
    local: entries(() => localStorage), session: entries(() => sessionStorage),
    databases: await names(async () => (await indexedDB.databases()).map((d) => String(d.name).slice(0, 300))),
    caches: await names(async () => (await caches.keys()).map((name) => String(name).slice(0, 300))),
  };
  if (!top) return found;
  const nodes = document.getElementsByTagName('*').length;
  const whole = nodes <= maxNodes ? document.documentElement?.outerHTML ?? '' : '';
  const fields = [...document.querySelectorAll('form')].map((form) => {
    const count = [...form.elements].filter((e) => e.tagName !== 'BUTTON' && e.type !== 'hidden' && e.type !== 'submit').length;
    const box = form.getBoundingClientRect();
    return { count, box: [box.x + scrollX, box.y + scrollY, box.width, box.height] };
  }).filter((f) => f.count >= 2 && f.box[2] > 40 && f.box[3] > 20).sort((a, b) => b.count - a.count)[0];
  return {
    ...found, nodes, html: whole.slice(0, maxHtml), cut: nodes > maxNodes || whole.length > maxHtml,
    title: document.title.slice(0, 300), language: (document.documentElement?.lang ?? '').slice(0, 20), form: fields?.box ?? null,
    text: (document.body?.innerText ?? '').length,
  };
})
