// Runs in the audited page before its own scripts: keeps what the browser tells of loading, and times a key press to the
// paint of the last change that it makes to a figure.
(() => {
  const load = { fcp: 0, lcp: 0, tasks: [], shifts: [] };
  const observe = (type, take) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
  observe('paint', ({ name, startTime }) => {
    if (name === 'first-contentful-paint') load.fcp = startTime;
  });
  observe('largest-contentful-paint', ({ startTime }) => {
    load.lcp = startTime;
  });
  observe('longtask', ({ startTime, duration }) => load.tasks.push({ start: startTime, duration }));
  observe('layout-shift', ({ value, startTime, hadRecentInput, sources }) => {
    if (!hadRecentInput) load.shifts.push({ value, start: startTime, moved: sources.map(describe) });
  });

  /** An element, in a line: its section, itself, and how far it went. */
  function describe({ node, previousRect: before, currentRect: after }) {
    const element = node?.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    const section = element?.closest?.('section')?.id ?? '';
    const name = element ? `${element.localName}.${element.getAttribute('class') ?? ''}`.replace(/\.$/, '') : 'gone';
    const change = ['x', 'y', 'width', 'height'].filter((side) => before[side] !== after[side]);
    return `#${section} ${name}: ${change.map((side) => `${side} ${before[side]} to ${after[side]}`).join(', ')}`;
  }

  /** Messages to workers that wait for their answer: every one has exactly one. */
  let open = 0;
  const answers = [];
  window.Worker = class extends Worker {
    constructor(...args) {
      super(...args);
      this.addEventListener('message', ({ data }) => {
        open--;
        answers.push(data);
        if (press) press.answered = performance.now();
      });
    }
    postMessage(...args) {
      open++;
      if (press) press.asked ||= performance.now();
      super.postMessage(...args);
    }
  };

  let press;
  let changed = performance.now();
  let frame = 'none';
  let again = false;
  const painted = new MessageChannel();
  painted.port1.onmessage = () => {
    frame = 'none';
    changed = performance.now();
    if (press) press.painted = changed;
    if (again) ask();
  };
  /** A message posted in a frame's callback comes after the frame has been painted. */
  function ask() {
    frame = 'asked';
    again = false;
    requestAnimationFrame(() => {
      frame = 'painting';
      painted.port2.postMessage(null);
    });
  }
  function change() {
    changed = performance.now();
    if (press) [press.changed, press.shown] = [changed, press.answered];
    if (frame === 'none') ask();
    // Too late for the frame that is being painted.
    if (frame === 'painting') again = true;
  }
  // Changes of a canvas are none of the document's.
  for (const name of ['clearRect', 'fillRect', 'fill', 'stroke', 'drawImage', 'putImageData']) {
    const own = CanvasRenderingContext2D.prototype[name];
    CanvasRenderingContext2D.prototype[name] = function (...args) {
      change();
      return own.apply(this, args);
    };
  }

  const observer = new MutationObserver(change);
  addEventListener(
    'keydown',
    ({ timeStamp, isTrusted }) => {
      if (isTrusted && press && !press.at) press.at = timeStamp;
    },
    true,
  );
  const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));

  window.audit = {
    load,
    /** Times changes of this element from now on. */
    watch(selector) {
      observer.disconnect();
      const attributes = { childList: true, characterData: true, attributes: true };
      observer.observe(document.querySelector(selector), { subtree: true, ...attributes });
    },
    begin() {
      press = { at: 0, asked: 0, answered: 0, changed: 0, shown: 0, painted: 0 };
    },
    /** What came of the press, when nothing has changed for a while and no answer is awaited. */
    async end(quiet) {
      await window.audit.quiet(quiet);
      const done = press;
      press = undefined;
      return done;
    },
    async quiet(time) {
      const since = performance.now();
      while (open > 0 || frame !== 'none' || performance.now() - Math.max(changed, since) < time) await pause(20);
    },
    /** The largest answer of a worker since the last call, in bytes. */
    largest() {
      const plain = (_, value) => (ArrayBuffer.isView(value) ? ' '.repeat(value.byteLength) : value);
      const encoder = new TextEncoder();
      return Math.max(0, ...answers.splice(0).map((data) => encoder.encode(JSON.stringify(data, plain)).length));
    },
  };
})();
