/* The inputs that hold an explorer's state: sliders and radio buttons, plain ones, which keyboards, fingers and
   screen readers know. */
(() => {
  const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
  let ids = 0;

  /* An element with these properties; those in `data` are set as attributes. */
  function make(tag, { data = {}, ...properties } = {}, parent) {
    const made = Object.assign(document.createElement(tag), properties);
    for (const [name, value] of Object.entries(data)) made.setAttribute(name, value);
    return parent ? parent.appendChild(made) : made;
  }

  /* A slider with its label and number. The reader moves it in steps. What the script sets may lie between two
     steps: at a maximum, say. `log`: the slider moves the logarithm to base 10, in which `step` counts too. */
  function range(parent, { label, min, max, step, value, unit = "", digits = 2, log = false }, moved) {
    const id = `mle-${++ids}`;
    const row = make("div", { className: "row" }, parent);
    make("label", { htmlFor: id, textContent: label }, row);
    const track = make("span", { className: "track" }, row);
    const [to, back] = log ? [Math.log10, (at) => 10 ** at] : [Number, Number];
    const input = make("input", { type: "range", id, step: "any", min: to(min), max: to(max) }, track);
    const shown = make("span", { className: "value", data: { "aria-hidden": true } }, row);
    const tell = () => {
      const text = `${window.mleFormat(back(input.valueAsNumber), digits)} ${unit}`.trim();
      shown.textContent = text;
      input.setAttribute("aria-valuetext", text);
    };
    const go = (at) => {
      const inside = at > Number(input.min) && at < Number(input.max);
      input.value = inside ? Number((Math.round(at / step) * step).toPrecision(12)) : at;
      tell();
      moved();
    };
    input.addEventListener("input", () => go(input.valueAsNumber));
    input.addEventListener("keydown", (event) => {
      const times = KEYS[event.key];
      if (!times || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      go(input.valueAsNumber + times * step);
    });
    const set = (number) => {
      input.value = to(number);
      tell();
    };
    set(value);
    return { input, track, to, set, get: () => back(input.valueAsNumber) };
  }

  /* A line across a slider at `value`, named by `said`; no line where the slider does not reach. */
  function mark(slider, value, said) {
    slider.line ??= make("span", { className: "bound", data: { "aria-hidden": true } }, slider.track);
    const { min, max } = slider.input;
    const part = (slider.to(value) - min) / (max - min);
    slider.line.hidden = !(part >= 0 && part <= 1);
    slider.line.style.setProperty("--part", part);
    slider.line.classList.toggle("late", part > 0.6); // its name then stands on the left
    slider.line.textContent = said;
  }

  /* Radio buttons. options: {key: text}. */
  function radios(parent, name, label, options, moved) {
    const group = make("fieldset", {}, parent);
    make("legend", { textContent: label }, group);
    const all = Object.entries(options).map(([value, text]) => {
      const one = make("label", {}, group);
      const radio = make("input", { type: "radio", name, value }, one);
      one.append(text);
      radio.addEventListener("change", moved);
      return radio;
    });
    return {
      get: () => all.find((radio) => radio.checked).value,
      set: (value) => all.forEach((radio) => (radio.checked = radio.value === value)),
    };
  }

  window.MleControls = { make, range, mark, radios };
})();
window.mleBegin?.();
