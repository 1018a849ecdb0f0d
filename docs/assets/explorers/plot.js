/* A plane with axes, drawn as SVG. Marks have a key: drawing the same key again moves the mark that is there. */
(() => {
  if (window.MlePlot) return; // a page that comes by instant navigation runs its scripts again

  const NS = "http://www.w3.org/2000/svg";
  const MARGIN = { left: 52, right: 10, top: 10, bottom: 44 }; // CSS pixels, as everything here
  const FAR = 1e5; // browsers draw nonsense for coordinates beyond some millions
  const GRAB = 24; // how far from a handle a mouse may press

  function node(tag, attributes, parent) {
    const made = document.createElementNS(NS, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return parent ? parent.appendChild(made) : made;
  }

  const pixel = (value) => Math.max(-FAR, Math.min(FAR, Number.isNaN(value) ? FAR : value)).toFixed(1);

  /* The next of 1, 2 and 5 times a power of ten: for the end of an axis that must not creep during a drag. */
  function roundUp(value) {
    const power = 10 ** Math.floor(Math.log10(value));
    return power * [1, 2, 5, 10].find((times) => times * power >= value * 0.999);
  }

  /* Round numbers from low to high, some `count` of them. */
  function ticks([low, high], count) {
    const step = roundUp((high - low) / count);
    const found = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) found.push(k * step);
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    const name = (value) => (step < 1e5 || !value ? format(value, digits) : value.toExponential(0).replace("e+", "e"));
    return found.map((value) => [value, name(value)]);
  }

  /* A number for people: fixed digits, a true minus, powers of ten only far out. */
  function format(value, digits = 2) {
    if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : value > 0 ? "∞" : "−∞";
    const far = Math.abs(value) >= 1e6;
    const text = far ? value.toExponential(2).replace("e+", " × 10^") : value.toFixed(digits);
    return text.replace(/^-(?=[0.]*$)/, "").replace("-", "−");
  }

  class Plot {
    /* x, y: the ends of the axes. ratio: height over width; or `square`: both axes equally long. alt: what the
       picture is, without its numbers. keys: {"classes of a mark": "what it stands for"}, the legend. */
    constructor({ x, y, xlabel = "", ylabel = "", ratio = 0.75, square = false, alt, keys = {} }) {
      Object.assign(this, { x, y, xlabel, ylabel, ratio, square, marks: new Map(), grips: new Map(), width: 0 });
      this.element = document.createElement("figure");
      this.svg = node("svg", { role: "img", "aria-label": alt }, this.element);
      this.axes = node("g", { class: "axes" }, this.svg);
      this.inner = node("svg", { x: MARGIN.left, y: MARGIN.top }, this.svg); // a nested svg clips what it holds
      this.over = node("g", { transform: `translate(${MARGIN.left} ${MARGIN.top})` }, this.svg);
      const caption = document.createElement("figcaption");
      for (const [classes, text] of Object.entries(keys)) {
        const entry = caption.appendChild(document.createElement("span"));
        const sample = node("svg", { width: 24, height: 12, "aria-hidden": true }, entry);
        node("path", { class: classes, d: /\bdot\b/.test(classes) ? "M12 6h0" : "M1 6h22" }, sample);
        entry.append(text);
      }
      if (caption.childNodes.length) this.element.append(caption);
      this.listen();
    }

    /* Fit the width that the page gives; returns whether there is one. */
    layout() {
      this.width = this.element.clientWidth;
      if (!this.width) return false;
      this.w = this.width - MARGIN.left - MARGIN.right;
      this.h = this.square ? this.w : Math.round(this.width * this.ratio) - MARGIN.top - MARGIN.bottom;
      const height = this.h + MARGIN.top + MARGIN.bottom;
      for (const [svg, w, h] of [[this.svg, this.width, height], [this.inner, this.w, this.h]]) {
        svg.setAttribute("width", w);
        svg.setAttribute("height", h);
      }
      this.drawAxes();
      return true;
    }

    /* Move the ends of the axes. */
    range(x, y) {
      if (`${[x, y]}` === `${[this.x, this.y]}`) return;
      Object.assign(this, { x, y });
      if (this.width) this.drawAxes();
    }

    px = (x) => ((x - this.x[0]) / (this.x[1] - this.x[0])) * this.w;
    py = (y) => ((this.y[1] - y) / (this.y[1] - this.y[0])) * this.h;

    drawAxes() {
      this.axes.replaceChildren();
      const { left, top } = MARGIN, foot = top + this.h;
      node("path", { d: `M${left} ${top}V${foot}H${left + this.w}` }, this.axes);
      const text = (x, y, anchor, said, more = {}) =>
        (node("text", { x, y, "text-anchor": anchor, ...more }, this.axes).textContent = said);
      const across = ticks(this.x, this.w / 60), up = ticks(this.y, this.h / 40);
      for (const [value, name] of across) {
        const at = left + this.px(value);
        node("path", { d: `M${at} ${foot}v5` }, this.axes);
        text(at, foot + 20, "middle", name);
      }
      for (const [value, name] of up) {
        const at = top + this.py(value);
        node("path", { d: `M${left} ${at}h-5` }, this.axes);
        text(left - 8, at + 4, "end", name);
      }
      text(left + this.w / 2, foot + 38, "middle", this.xlabel);
      text(0, 0, "middle", this.ylabel, { transform: `translate(12 ${top + this.h / 2}) rotate(-90)` });
    }

    mark(key, tag, classes) {
      if (!this.marks.has(key)) this.marks.set(key, node(tag, {}, this.inner));
      const mark = this.marks.get(key);
      mark.setAttribute("class", classes);
      return mark;
    }

    path(key, d, classes) {
      this.mark(key, "path", classes).setAttribute("d", d);
    }

    /* A line through [x, y] pairs; it is broken where a number is not finite. */
    line(key, points, classes) {
      let d = "", pen = "M";
      for (const [x, y] of points) {
        const whole = Number.isFinite(x) && Number.isFinite(y);
        if (whole) d += `${pen}${pixel(this.px(x))} ${pixel(this.py(y))}`;
        pen = whole ? "L" : "M";
      }
      this.path(key, d, classes);
    }

    /* The graph of a function, from one end of the x axis to the other. */
    curve(key, f, classes, pieces = 160) {
      const [low, high] = this.x;
      const at = (k) => low + ((high - low) * k) / pieces;
      this.line(key, Array.from({ length: pieces + 1 }, (_, k) => [at(k), f(at(k))]), classes);
    }

    /* Dots are strokes of no length with round ends, so that one path holds all of them. */
    dots(key, points, classes) {
      this.segments(key, points.map(([x, y]) => [[x, y], [x, y]]), `dot ${classes}`);
    }

    /* Separate pieces, each from one [x, y] to another. */
    segments(key, pieces, classes) {
      const d = ([from, to]) =>
        `M${pixel(this.px(from[0]))} ${pixel(this.py(from[1]))}L${pixel(this.px(to[0]))} ${pixel(this.py(to[1]))}`;
      this.path(key, pieces.filter((piece) => piece.flat().every(Number.isFinite)).map(d).join(""), classes);
    }

    text(key, [x, y], said, classes = "", anchor = "middle") {
      const mark = this.mark(key, "text", classes);
      mark.setAttribute("x", pixel(this.px(x)));
      mark.setAttribute("y", pixel(this.py(y)));
      mark.setAttribute("text-anchor", anchor);
      mark.textContent = said;
    }

    /* Lines of equal height of f(x, y), by marching squares: in each cell of a grid, join the places where the
       height passes the level along its sides. */
    contour(key, f, levels, classes, cells = 60) {
      const [x0, x1] = this.x, [y0, y1] = this.y, row = cells + 1;
      const heights = Float64Array.from({ length: row * row }, (_, k) =>
        f(x0 + ((x1 - x0) * (k % row)) / cells, y0 + ((y1 - y0) * Math.floor(k / row)) / cells));
      const toX = this.w / cells, toY = this.h / cells;
      let d = "";
      for (const level of levels) {
        for (let j = 0; j < cells; j++) {
          for (let i = 0; i < cells; i++) {
            const at = j * row + i;
            const corner = [heights[at], heights[at + 1], heights[at + 1 + row], heights[at + row]];
            const low = Math.min(...corner);
            if (!(low < level && level <= Math.max(...corner)) || low === -Infinity) continue;
            const cross = [];
            for (let side = 0; side < 4; side++) {
              const a = corner[side], b = corner[(side + 1) % 4];
              if (a < level === b < level) continue;
              const t = (level - a) / (b - a);
              cross.push([[i + t, j], [i + 1, j + t], [i + 1 - t, j + 1], [i, j + 1 - t]][side]);
            }
            // Four crossings are a saddle: the mean height says which corners belong together.
            const mean = (corner[0] + corner[1] + corner[2] + corner[3]) / 4;
            if (cross.length === 4 && mean < level === corner[0] < level) cross.push(cross.shift());
            cross.forEach(([x, y], k) => {
              d += `${k % 2 ? "L" : "M"}${(x * toX).toFixed(1)} ${(this.h - y * toY).toFixed(1)}`;
            });
          }
        }
      }
      this.path(key, d, classes);
    }

    /* Dots that can be dragged: move(k, x, y) is told where dot k should go. With `anywhere`, a press or tap far
       from all of them moves the nearest. The keyboard's way to the same numbers is a slider. */
    handles(key, points, classes, move, anywhere = false) {
      if (!this.grips.has(key)) this.grips.set(key, { group: node("g", {}, this.over), moving: null });
      const grip = Object.assign(this.grips.get(key), { points, move, anywhere });
      while (grip.group.childNodes.length > points.length) grip.group.lastChild.remove();
      points.forEach(([x, y], k) => {
        const circle = grip.group.childNodes[k] ?? node("circle", { r: 9 }, grip.group);
        circle.setAttribute("class", `handle ${classes}`);
        circle.setAttribute("cx", pixel(Math.max(0, Math.min(this.w, this.px(x)))));
        circle.setAttribute("cy", pixel(Math.max(0, Math.min(this.h, this.py(y)))));
      });
    }

    listen() {
      let held = null; // {grip, k}: what the pointer has hold of
      const place = (event) => {
        const box = this.svg.getBoundingClientRect();
        return [event.clientX - box.left - MARGIN.left, event.clientY - box.top - MARGIN.top];
      };
      const nearest = (event) => {
        const [x, y] = place(event);
        let best = null;
        for (const grip of this.grips.values()) {
          grip.points.forEach((point, k) => {
            const away = Math.hypot(this.px(point[0]) - x, this.py(point[1]) - y);
            if ((grip.anywhere || away < GRAB) && (!best || away < best.away)) best = { grip, k, away };
          });
        }
        return best;
      };
      const follow = (event) => {
        const [x, y] = place(event);
        const within = (value, end) => Math.max(0, Math.min(end, value));
        const [x0, x1] = this.x, [y0, y1] = this.y;
        held.grip.move(held.k, x0 + (within(x, this.w) / this.w) * (x1 - x0),
          y1 - (within(y, this.h) / this.h) * (y1 - y0));
      };
      this.svg.addEventListener("pointerdown", (event) => {
        // A finger elsewhere than on a handle scrolls the page; a tap arrives as a click.
        if (event.button || (event.pointerType === "touch" && event.target.tagName !== "circle")) return;
        held = nearest(event);
        if (held) this.svg.setPointerCapture(event.pointerId);
        if (held?.grip.anywhere && held.away > GRAB) follow(event);
      });
      this.svg.addEventListener("pointermove", (event) => held && follow(event));
      for (const end of ["pointerup", "pointercancel"]) this.svg.addEventListener(end, () => (held = null));
      this.svg.addEventListener("click", (event) => {
        if (event.pointerType !== "touch" || event.target.tagName === "circle") return;
        held = nearest(event);
        if (held) follow(event);
        held = null;
      });
    }
  }

  window.MlePlot = Plot;
  window.mleFormat = format;
  window.mleRoundUp = roundUp;
})();
window.mleBegin?.();
