// Runs before every script of every frame.  Notes which script uses what identifies or observes a visitor and tells
// the collector through a one-way channel whose name is removed from the page at once.  Apart from service workers, which
// are refused, it changes no result: every native function is called with the page's own arguments, and looks native
// when printed.
(() => {
  'use strict';
  const channel = '%CHANNEL%';
  const send = globalThis[channel];
  delete globalThis[channel];
  if (typeof send !== 'function') return;

  const { apply, getOwnPropertyDescriptor, defineProperty } = Reflect;
  const NativeError = Error;
  const exec = RegExp.prototype.exec;
  const later = globalThis.setTimeout.bind(globalThis);
  const stringify = JSON.stringify;
  const listen = EventTarget.prototype.addEventListener;
  const weakGet = WeakMap.prototype.get, weakSet = WeakMap.prototype.set;
  const mapGet = Map.prototype.get, mapSet = Map.prototype.set;
  const LIMIT = 600, STACKS = 120;

  // --- telling ----------------------------------------------------------------------------------------------
  let notes = new Map();
  let planned = false;
  const flush = () => {
    planned = false;
    if (!notes.size) return;
    const batch = notes;
    notes = new Map();
    try { send(stringify([...batch.values()])); } catch { /* the page is gone */ }
  };
  const frame = /(https?:\/\/[^\s()]+?|data:[^\s()]{0,80}|blob:[^\s()]+?):(\d+:\d+)/;
  const caller = () => {
    const prepare = NativeError.prepareStackTrace, depth = NativeError.stackTraceLimit;
    if (prepare !== undefined) NativeError.prepareStackTrace = undefined;
    NativeError.stackTraceLimit = 25;
    const stack = new NativeError().stack;
    NativeError.stackTraceLimit = depth;
    if (prepare !== undefined) NativeError.prepareStackTrace = prepare;
    const found = apply(exec, frame, [typeof stack === 'string' ? stack : '']);
    return found ? [found[1], found[2]] : ['', ''];
  };
  const seen = new Map();
  let total = 0;
  const note = (api, detail = '', unloading = false) => {
    const times = (apply(mapGet, seen, [api]) ?? 0) + 1;
    apply(mapSet, seen, [api, times]);
    if (times > STACKS && times % 512) return;
    const [script, place] = caller();
    const key = api + '\n' + script + '\n' + detail;
    const known = apply(mapGet, notes, [key]);
    if (known) { known[3] += 1; return; }
    if (++total > LIMIT) return;
    apply(mapSet, notes, [key, [api, String(detail).slice(0, 300), script, 1, location.href.slice(0, 2000), place]]);
    if (unloading) flush();
    else if (!planned) { planned = true; later(flush, 60); }
  };

  // --- wrapping ---------------------------------------------------------------------------------------------
  const originals = new WeakMap();
  const cover = (native, before) => {
    const proxy = new Proxy(native, {
      apply(target, self, args) {
        try { before(self, args); } catch { /* never the page's problem */ }
        return apply(target, self, args);
      },
    });
    apply(weakSet, originals, [proxy, native]);
    return proxy;
  };
  const wrap = (owner, name, before) => {
    const found = owner && getOwnPropertyDescriptor(owner, name);
    if (!found || typeof found.value !== 'function' || !found.configurable) return;
    defineProperty(owner, name, { ...found, value: cover(found.value, before) });
  };
  const wrapGet = (owner, name, before) => {
    const found = owner && getOwnPropertyDescriptor(owner, name);
    if (!found || !found.get || !found.configurable) return;
    defineProperty(owner, name, { ...found, get: cover(found.get, before) });
  };
  const wrapSet = (owner, name, before) => {
    const found = owner && getOwnPropertyDescriptor(owner, name);
    if (!found || !found.set || !found.configurable) return;
    defineProperty(owner, name, { ...found, set: cover(found.set, before) });
  };
  const wrapNew = (name, before) => {
    const native = globalThis[name];
    const found = getOwnPropertyDescriptor(globalThis, name);
    if (typeof native !== 'function' || !found || !found.configurable) return;
    const proxy = new Proxy(native, {
      construct(target, args, made) {
        try { before(args); } catch { /* never the page's problem */ }
        return Reflect.construct(target, args, made);
      },
    });
    apply(weakSet, originals, [proxy, native]);
    defineProperty(globalThis, name, { ...found, value: proxy });
    defineProperty(native.prototype, 'constructor', { value: proxy, writable: true, configurable: true });
  };
  const print = Function.prototype.toString;
  const printer = new Proxy(print, {
    apply(target, self, args) { return apply(target, apply(weakGet, originals, [self]) ?? self, args); },
  });
  apply(weakSet, originals, [printer, print]);
  defineProperty(Function.prototype, 'toString', { value: printer, writable: true, configurable: true });
  const proto = (name) => globalThis[name]?.prototype;

  // --- cookies and storage ----------------------------------------------------------------------------------
  wrapSet(proto('Document'), 'cookie', (self, [text]) => note('cookie', String(text).split('=')[0].trim()));
  wrap(proto('CookieStore'), 'set', (self, [first]) => note('cookie', typeof first === 'object' ? first?.name : first));
  wrap(proto('Storage'), 'setItem', (self, [key]) => {
    note(self === globalThis.sessionStorage ? 'session' : 'local', key);
  });
  wrap(proto('IDBFactory'), 'open', (self, [name]) => note('indexeddb', name));
  wrap(proto('CacheStorage'), 'open', (self, [name]) => note('cache', name));
  // A service worker would answer for the network on later pages: it is noted, and refused as in a private window.
  const registry = getOwnPropertyDescriptor(proto('ServiceWorkerContainer') ?? {}, 'register');
  if (registry?.configurable) {
    const refusing = new Proxy(registry.value, {
      apply(target, self, [url]) {
        try { note('service_worker', new URL(String(url), document.baseURI).href); } catch { /* no address */ }
        return Promise.reject(new DOMException('The operation is insecure.', 'SecurityError'));
      },
    });
    apply(weakSet, originals, [refusing, registry.value]);
    defineProperty(proto('ServiceWorkerContainer'), 'register', { ...registry, value: refusing });
  }

  // --- what tells browsers apart ----------------------------------------------------------------------------
  // Canvas: text of at least ten different characters on at least 16 × 16 pixels, then read back (the criteria of
  // Englehardt and Narayanan, "Online Tracking: A 1-million-site Measurement", 2016, section 6.1).
  const drawn = new WeakMap();
  const draw = (self, [text]) => {
    let letters = apply(weakGet, drawn, [self.canvas]);
    if (!letters) apply(weakSet, drawn, [self.canvas, letters = new Set()]);
    if (letters.size < 10) for (const letter of String(text).slice(0, 60)) letters.add(letter);
  };
  const read = (canvas, how) => {
    if (!canvas || canvas.width < 16 || canvas.height < 16) return;
    const letters = apply(weakGet, drawn, [canvas]);
    if (letters && letters.size >= 10) note('canvas', how);
  };
  for (const name of ['CanvasRenderingContext2D', 'OffscreenCanvasRenderingContext2D']) {
    wrap(proto(name), 'fillText', draw);
    wrap(proto(name), 'strokeText', draw);
    wrap(proto(name), 'getImageData', (self) => read(self.canvas, 'getImageData'));
  }
  wrap(proto('HTMLCanvasElement'), 'toDataURL', (self, [kind]) => {
    if (!/jpe?g/i.test(String(kind))) read(self, 'toDataURL');
  });
  wrap(proto('HTMLCanvasElement'), 'toBlob', (self) => read(self, 'toBlob'));
  wrap(proto('OffscreenCanvas'), 'convertToBlob', (self) => read(self, 'convertToBlob'));

  for (const name of ['WebGLRenderingContext', 'WebGL2RenderingContext']) {
    wrap(proto(name), 'getParameter', (self, [what]) => {
      if (what === 37445 || what === 37446) note('webgl', what === 37445 ? 'UNMASKED_VENDOR' : 'UNMASKED_RENDERER');
    });
  }
  const rendered = (self) => note('audio', 'OfflineAudioContext.startRendering');
  wrap(proto('OfflineAudioContext'), 'startRendering', rendered);

  // Fonts: the width of text measured in at least 30 different fonts.
  const fonts = new Set();
  let measured = 0;
  const font = (name, how) => {
    if (measured > 4000 || !name) return;
    measured += 1;
    if (fonts.size < 30 && fonts.add(name).size === 30) note('fonts', how);
  };
  wrap(proto('CanvasRenderingContext2D'), 'measureText', (self) => font(self.font, 'measureText'));
  wrap(proto('FontFaceSet'), 'check', (self, [name]) => font(String(name), 'document.fonts.check'));
  wrapGet(proto('HTMLElement'), 'offsetWidth', (self) => font(self.style.fontFamily, 'offsetWidth'));
  wrap(globalThis, 'queryLocalFonts', () => note('fonts', 'queryLocalFonts'));

  const properties = {
    Navigator: ['hardwareConcurrency', 'deviceMemory', 'platform', 'languages', 'plugins', 'mimeTypes', 'maxTouchPoints',
      'vendor', 'productSub', 'oscpu', 'cpuClass', 'doNotTrack', 'cookieEnabled', 'connection', 'webdriver', 'buildID',
      'pdfViewerEnabled', 'javaEnabled'],
    Screen: ['availWidth', 'availHeight', 'colorDepth', 'pixelDepth', 'availTop', 'availLeft'],
  };
  for (const [owner, names] of Object.entries(properties)) {
    for (const name of names) wrapGet(proto(owner), name, () => note('device', name));
  }
  wrap(Intl.DateTimeFormat.prototype, 'resolvedOptions', () => note('device', 'timezone'));
  wrap(proto('Navigator'), 'getBattery', () => note('battery'));
  wrap(proto('NavigatorUAData'), 'getHighEntropyValues', () => note('ua_high_entropy'));
  wrapNew('RTCPeerConnection', () => note('webrtc'));

  // --- permissions and devices ------------------------------------------------------------------------------
  wrap(proto('Geolocation'), 'getCurrentPosition', () => note('geolocation', 'getCurrentPosition'));
  wrap(proto('Geolocation'), 'watchPosition', () => note('geolocation', 'watchPosition'));
  wrap(globalThis.Notification, 'requestPermission', () => note('notifications'));
  wrap(proto('PushManager'), 'subscribe', () => note('push'));
  wrap(proto('MediaDevices'), 'getUserMedia', (self, [wanted]) => {
    if (wanted?.video) note('camera');
    if (wanted?.audio) note('microphone');
  });
  wrap(proto('MediaDevices'), 'getDisplayMedia', () => note('screen_capture'));
  wrap(proto('MediaDevices'), 'enumerateDevices', () => note('media_devices'));
  wrap(proto('Clipboard'), 'readText', () => note('clipboard_read', 'readText'));
  wrap(proto('Clipboard'), 'read', () => note('clipboard_read', 'read'));
  wrap(proto('Document'), 'execCommand', (self, [command]) => {
    if (String(command).toLowerCase() === 'paste') note('clipboard_read', 'execCommand');
  });
  wrap(proto('Bluetooth'), 'requestDevice', () => note('bluetooth'));
  wrap(proto('USB'), 'requestDevice', () => note('usb'));
  wrap(proto('ContactsManager'), 'select', () => note('contacts'));
  wrap(proto('Navigator'), 'requestMIDIAccess', () => note('midi'));
  wrap(proto('Navigator'), 'getInstalledRelatedApps', () => note('installed_apps'));
  wrap(globalThis.IdleDetector, 'requestPermission', () => note('idle_detection'));

  // An image made by a script is loaded later, when its stack is gone: note who asked for it.
  wrapSet(proto('HTMLImageElement'), 'src', (self, [url]) => note('image', new URL(String(url), document.baseURI).href));

  // --- watching the visitor ---------------------------------------------------------------------------------
  const watched = new Set(['keydown', 'keyup', 'keypress', 'input', 'beforeinput', 'change', 'paste', 'mousemove', 'scroll',
    'touchmove', 'pointermove', 'mousedown', 'mouseup', 'click', 'selectionchange', 'devicemotion', 'deviceorientation']);
  const place = (target) => {
    if (target === null || target === undefined || target === globalThis || target === document) return 'page';
    if (target === document.documentElement || target === document.body) return 'page';
    const tag = target.nodeName;
    if (tag === 'INPUT' || tag === 'TEXTAREA' || tag === 'SELECT') return 'field:' + (target.type || '').toLowerCase();
    return tag === 'FORM' ? 'form' : '';
  };
  wrap(EventTarget.prototype, 'addEventListener', (self, [kind]) => {
    if (!watched.has(kind)) return;
    const where = place(self);
    if (where) note('listen', kind + '@' + where);
  });
  for (const kind of ['keydown', 'keyup', 'keypress', 'input', 'mousemove']) {
    for (const owner of [globalThis, proto('Document'), proto('HTMLElement')]) {
      wrapSet(owner, 'on' + kind, (self, [handler]) => {
        const where = typeof handler === 'function' ? place(self) : '';
        if (where) note('listen', kind + '@' + where);
      });
    }
  }
  wrap(proto('MutationObserver'), 'observe', (self, [target, how]) => {
    if (place(target) === 'page' && how?.subtree && (how.characterData || how.attributes)) note('observe', 'page');
  });

  // --- leaving ----------------------------------------------------------------------------------------------
  let leaving = '';
  const leave = (event) => { leaving = event.type; if (event.type !== 'visibilitychange') later(() => { leaving = ''; }, 0); };
  for (const kind of ['pagehide', 'beforeunload', 'unload']) apply(listen, globalThis, [kind, leave, true]);
  const beacon = (url, how) => {
    note(leaving ? 'beacon_unload' : 'beacon', how + ' ' + new URL(String(url), document.baseURI).href, !!leaving);
  };
  wrap(proto('Navigator'), 'sendBeacon', (self, [url]) => beacon(url, 'sendBeacon'));
  wrap(globalThis, 'fetch', (self, [request, init]) => {
    if (init?.keepalive || request?.keepalive) beacon(request?.url ?? request, 'fetch');
  });
  wrap(globalThis, 'open', (self, [url]) => note('popup', url === undefined ? '' : String(url)));
  apply(listen, globalThis, ['pagehide', flush, false]);
  apply(listen, document, ['%CHANNEL%', flush, true]);
})();
