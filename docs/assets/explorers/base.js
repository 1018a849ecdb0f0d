/* What every explorer is: an element that wraps an executed figure and puts a picture that moves in its place.

   The range inputs and radio buttons hold the state; draw() reads it and draws all of it again. So a slider, a
   drag, a key, a button and a link do the same thing. See "Add an explorer" in docs/reference/contributing.md. */
(() => {
  if (window.MleExplorer) return; // a page that comes by instant navigation runs its scripts again

  let make, range, mark, radios; // the controls, once they are there
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  /* Call `f` once within `ms`, however often it is asked for. */
  function throttled(f, ms) {
    let timer = null;
    return () => (timer ??= setTimeout(() => ((timer = null), f()), ms));
  }

  const brief = (value) => String(Number(value.toPrecision(7)));

  class Explorer extends HTMLElement {
    /* Register `<mle-NAME>`. */
    static define(name, element) {
      element.title = name;
      if (!customElements.get(`mle-${name}`)) customElements.define(`mle-${name}`, element);
    }

    connectedCallback() {
      if (!this.box) this.begin();
      addEventListener("hashchange", this);
      still.addEventListener("change", this);
      this.observer.observe(this.box);
    }

    disconnectedCallback() {
      this.stop();
      removeEventListener("hashchange", this);
      still.removeEventListener("change", this);
      this.observer.disconnect();
    }

    handleEvent(event) {
      if (event.type === "hashchange") this.readHash();
      else this.stop();
    }

    begin() {
      // What the page's own cell computed: nothing is written down a second time.
      this.given = JSON.parse(this.getAttribute("given") || "{}");
      Object.assign(this, { controls: {}, plots: [], said: "", timer: null, dirty: false });
      this.box = make("div", { className: "explorer" });
      this.pictures = make("div", { className: "pictures" }, this.box);
      this.panel = make("div", { className: "panel" }, this.box);
      this.buttons = make("div", { className: "buttons" }, this.box);
      this.numbers = make("dl", {}, this.box);
      this.status = make("p", { data: { role: "status" } }, this.box);
      this.speak = throttled(() => (this.status.textContent = this.said), 500);
      this.keep = throttled(() => this.writeHash(), 300); // browsers refuse too many changes of the address
      this.observer = new ResizeObserver(() => this.redraw());
      this.build();
      this.button("Start over", () => {
        this.stop();
        this.set(Object.fromEntries(Object.entries(this.controls).map(([name, one]) => [name, one.initial])));
      });
      this.append(this.box);
      this.classList.add("live"); // only now does the figure go: had build() failed, it would have stayed
      this.linked = this.readHash();
    }

    /* ---- the state ---- */

    /* All values now: {name: number, choice or list}. */
    get values() {
      return Object.fromEntries(Object.entries(this.controls).map(([name, one]) => [name, one.get()]));
    }

    /* Change some, as the reader would. */
    set(changes) {
      for (const [name, value] of Object.entries(changes)) this.controls[name].set(value);
      this.changed();
    }

    changed() {
      this.seen ??= location.hash;
      this.redraw();
      this.keep();
    }

    redraw() {
      if (this.dirty) return; // once a frame is enough
      this.dirty = true;
      requestAnimationFrame(() => {
        this.dirty = false;
        if (!this.plots.map((plot) => plot.layout()).every(Boolean)) return; // in a closed <details>, say
        this.said = this.draw(this.values);
        this.speak();
        if (this.linked) this.scrollIntoView(); // a link to a state is a link to its place
        this.linked = false;
      });
    }

    /* #explore=NAME&mean=1.2&x=0.5,2,1 : one explorer's state; other hashes are the page's own anchors. */
    readHash() {
      const asked = new URLSearchParams(location.hash.slice(1));
      if (asked.get("explore") !== this.constructor.title) return false;
      for (const [name, one] of Object.entries(this.controls)) {
        if (asked.has(name)) one.read(asked.get(name));
        else one.set(one.initial);
      }
      this.redraw();
      return true;
    }

    writeHash() {
      const gone = location.hash !== this.seen; // the reader has followed a link since
      this.seen = null;
      if (gone) return;
      const state = new URLSearchParams({ explore: this.constructor.title });
      for (const [name, one] of Object.entries(this.controls)) {
        if (one.write() !== one.written) state.set(name, one.write());
      }
      const hash = `#${decodeURIComponent(state)}`; // a comma may stand as it is
      if (hash !== location.hash) history.replaceState(history.state, "", hash);
    }

    register(name, control) {
      control.initial = control.get();
      control.written = control.write();
      this.controls[name] = control;
    }

    /* ---- what build() is made of ---- */

    plot(options) {
      const plot = new window.MlePlot(options);
      this.pictures.append(plot.element);
      this.plots.push(plot);
      return plot;
    }

    /* A number. `log`: the slider moves its logarithm. `whole`: 0, 1, 2. Returns the parts, for mark(). */
    slider(name, options) {
      const parts = range(this.panel, options, () => this.changed());
      this.register(name, {
        get: () => parts.get(),
        set: (value) => parts.set(value),
        read: (text) => text.trim() && Number.isFinite(Number(text)) && parts.set(Number(text)),
        write: () => brief(parts.get()),
      });
      return parts;
    }

    /* A list of numbers: one slider chooses which, one moves it. Returns pick(k), for dragging. */
    list(name, { label, values, place: named = "its value", ...options }) {
      let held = [...values];
      const choice = { label, min: 1, max: held.length, step: 1, digits: 0, value: 1 };
      const which = range(this.panel, choice, () => (place.set(held[which.get() - 1]), this.redraw()));
      const place = range(this.panel, { label: named, value: held[0], ...options }, () => {
        held[which.get() - 1] = place.get();
        this.changed();
      });
      const set = (all) => ((held = [...all]), place.set(held[which.get() - 1]));
      this.register(name, {
        get: () => [...held],
        set,
        read: (text) => {
          const all = text.split(",").map(Number);
          const right = (one) => Number.isFinite(one) && one >= options.min && one <= options.max;
          if (all.length === held.length && all.every(right)) set(all);
        },
        write: () => held.map(brief).join(),
      });
      return (k) => which.set(k + 1);
    }

    /* One of a few. options: {key: text}. */
    choice(name, { label, options, value }) {
      const group = radios(this.panel, `${this.constructor.title}-${name}`, label, options, () => this.changed());
      group.set(value);
      this.register(name, { ...group, read: (key) => key in options && group.set(key), write: group.get });
    }

    /* Draw a line across a slider at `value`, such as a bound, named by `said`. */
    mark(slider, value, said) {
      mark(slider, value, said);
    }

    button(text, action) {
      const button = make("button", { type: "button", textContent: text }, this.buttons);
      button.addEventListener("click", action);
      return button;
    }

    /* Two buttons: one step, and a run of steps. step() returns whether another one can follow. For readers who
       want no motion, the second does `leap` steps at once. */
    player(step, { every = 120, leap = 10 } = {}) {
      this.button("Step", () => (this.stop(), step()));
      this.run = this.button("", () => {
        if (this.timer) this.stop();
        else if (still.matches) for (let k = 0; k < leap && step(); k++);
        else {
          this.timer = setInterval(() => step() || this.stop(), every);
          this.run.textContent = "Pause";
        }
      });
      this.rest = () => (still.matches ? `${leap} steps` : "Run");
      this.stop();
    }

    stop() {
      clearInterval(this.timer);
      this.timer = null;
      if (this.run) this.run.textContent = this.rest();
    }

    /* ---- what draw() is made of ---- */

    /* {name: text}: numbers that change while the reader moves something. The words come from draw(), slower. */
    show(numbers) {
      for (const [name, text] of Object.entries(numbers)) {
        let value = this.numbers.querySelector(`[data-of="${name}"]`);
        if (!value) {
          const pair = make("div", {}, this.numbers);
          make("dt", { textContent: name }, pair);
          value = make("dd", { data: { "data-of": name } }, pair);
        }
        value.textContent = text;
      }
    }
  }

  window.MleExplorer = Explorer;

  /* Scripts come in any order on a page that instant navigation brings: an explorer waits for what it needs. */
  window.mleWaiting ??= [];
  window.mleBegin = () => {
    if (!window.MlePlot || !window.MleControls) return;
    ({ make, range, mark, radios } = window.MleControls);
    while (window.mleWaiting.length) window.mleWaiting.shift()();
  };
  window.mleBegin();
})();
