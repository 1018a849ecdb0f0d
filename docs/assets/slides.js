/* `?print-slides` behind the address of a page shows the page as slides, to be turned here or printed one a sheet.

   There is no second source. Each heading begins a slide with what comes below it, and what does not fit goes on to
   the next one. Pictures move along, so that they still move. Solutions of exercises are left out. */
(() => {
  const asked = new URLSearchParams(location.search);
  if (!asked.has("print-slides")) return;

  const WIDTH = 1280, HEIGHT = 720; // also the sheet's, in slides.css
  const SMALLEST = 0.4; // of a block's own size, so that it fits on a slide of its own
  const OUT = "details:not(.folded), nav, .md-content__button, .headerlink, .place, script, .footnote";
  const here = document.currentScript.src;
  const make = (name, className, parent) => {
    const element = document.createElement(name);
    element.className = className;
    parent?.append(element);
    return element;
  };

  const sheet = make("link", "", document.head);
  sheet.rel = "stylesheet";
  sheet.href = here.replace(/slides\.js.*$/, "slides.css");

  let deck, slides, at = 0, title = "", part = "";

  /* A new slide with a heading; its body takes blocks. */
  function begin(heading, again) {
    const slide = make("section", "slide", deck);
    if (heading) {
      const head = make("h2", "", slide);
      head.innerHTML = heading;
      if (again) make("small", "", head).textContent = " (goes on)";
    }
    const body = make("div", "body", slide);
    make("footer", "", slide).textContent = title;
    return { slide, body, heading };
  }

  const limit = (slide) => slide.getBoundingClientRect().bottom - 44;
  const over = ({ slide, body }) =>
    body.getBoundingClientRect().bottom > limit(slide) || body.scrollWidth > body.clientWidth;

  /* Make what is on a slide as small as it must be. */
  function shrink(now) {
    for (let size = 0.95; size >= SMALLEST && over(now); size -= 0.05) now.body.style.zoom = size;
  }

  /* Lines of code that are longer than a slide is wide: in a smaller type. */
  function narrow(block) {
    for (const code of block.querySelectorAll("pre > code"))
      if (code.scrollWidth > code.clientWidth)
        code.style.fontSize = `${(parseFloat(getComputedStyle(code).fontSize) * code.clientWidth * 0.98) / code.scrollWidth}px`;
  }

  /* A block a little smaller stays below the sentence or two that it belongs to. */
  function squeeze(now, block) {
    const top = now.body.getBoundingClientRect().top, room = limit(now.slide) - top;
    if (block.getBoundingClientRect().top - top > 0.4 * room) return false;
    const least = block.querySelector("img") ? 0.6 : 0.8;
    for (let size = 0.95; size >= least; size -= 0.05) {
      block.style.zoom = size;
      if (!over(now)) return true;
    }
    block.style.zoom = "";
    return false;
  }

  /* A copy of a block, to hold the rest of it: an id stays with the first part. */
  function copy(block) {
    const next = block.cloneNode(true);
    for (const one of [next, ...next.querySelectorAll("[id]")]) one.removeAttribute("id");
    return next;
  }

  /* Cut a table that is longer than its slide between two rows, and return the rest below the same head. */
  function rows({ slide }, block) {
    const table = block.matches("table") ? block : block.querySelector("table");
    if (!table?.tBodies[0]) return null;
    const fit = [...table.tBodies[0].rows].findIndex((row) => row.getBoundingClientRect().bottom > limit(slide));
    if (fit < 2) return null;
    const next = copy(block), body = (next.matches("table") ? next : next.querySelector("table")).tBodies[0];
    [...body.rows].slice(0, fit).forEach((row) => row.remove());
    [...table.tBodies[0].rows].slice(fit).forEach((row) => row.remove());
    return next;
  }

  /* Cut code that is longer than its slide, at a blank line if there is one, and return the rest. */
  function lines({ slide }, block) {
    const code = block.querySelector("pre > code");
    if (!code) return null;
    const lines = code.textContent.trimEnd().split("\n"), box = code.getBoundingClientRect();
    const room = slide.getBoundingClientRect().bottom - 60 - box.top;
    const fit = Math.floor((room / box.height) * (lines.length + 1)) - 1;
    if (fit < 8 || fit >= lines.length) return null;
    let end = fit;
    while (end > fit / 2 && lines[end].trim()) end--;
    if (end <= fit / 2) end = fit;
    const range = document.createRange(), walk = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
    let left = lines.slice(0, end).join("\n").length, node = walk.nextNode();
    while (left > node.length) (left -= node.length), (node = walk.nextNode());
    range.setStart(node, left);
    range.setEndAfter(code.lastChild);
    const rest = range.extractContents(), next = copy(block), text = next.querySelector("pre > code");
    text.replaceChildren(rest);
    // What is left begins with a line of code: a blank one may lie in elements of its own.
    const texts = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
    for (let one = texts.nextNode(); one && !(one.data = one.data.replace(/^\n+/, "")); ) one = texts.nextNode();
    return next;
  }

  const cut = (now, block) => lines(now, block) ?? rows(now, block);

  /* Long lists: their entries one by one, in a copy of what holds them. */
  function pieces(block) {
    if (!/^[UO]L$/.test(block.tagName) || block.children.length < 2) return null;
    let number = block.start || 1;
    return [...block.children].map((entry) => {
      const own = block.cloneNode(false);
      if (block.tagName === "OL") own.start = number++;
      own.append(entry);
      return own;
    });
  }

  function put(now, block) {
    now.body.append(block);
    narrow(block);
    if (!over(now)) return now;
    const goOn = () => begin(now.heading, true);
    const before = block.previousElementSibling;
    if (before) {
      if (squeeze(now, block)) return now;
      const tall = block.getBoundingClientRect().height > limit(now.slide) - now.body.getBoundingClientRect().top;
      const below = tall && cut(now, block);
      if (below) {
        shrink(now);
        return put(goOn(), below);
      }
      block.remove();
      const next = goOn();
      // What ends in a colon speaks of what comes next.
      if (before.previousElementSibling && /:\s*$/.test(before.textContent) && before.tagName === "P") next.body.append(before);
      next.body.append(block);
      if (!over(next)) return next;
      now = next;
    }
    const rest = cut(now, block);
    if (rest) {
      shrink(now);
      return put(goOn(), rest);
    }
    const parts = pieces(block);
    if (parts) {
      block.remove();
      return parts.reduce(put, now);
    }
    shrink(now);
    return now;
  }

  function build() {
    const article = document.querySelector("article");
    article.querySelectorAll(OUT).forEach((one) => one.remove());
    article.querySelectorAll("details").forEach((one) => (one.open = true));
    article.querySelectorAll("img").forEach((one) => (one.loading = "eager"));
    title = article.querySelector("h1")?.textContent.trim() ?? document.title;
    deck = make("main", "deck md-typeset", document.body);
    document.body.classList.add("slides");
    let now = begin("");
    now.slide.classList.add("first");
    for (const block of [...article.children]) {
      if (/^H[2-4]$/.test(block.tagName)) {
        if (block.tagName === "H2") part = block.innerHTML;
        now = begin(block.tagName === "H2" ? part : `<small>${part}</small> ${block.innerHTML}`);
      } else now = put(now, block);
    }
    slides = [...deck.children].filter((slide) => slide.querySelector(".body").children.length || slide.remove());
    setTimeout(() => {
      // Pictures have drawn themselves anew, for a slide is wider than a page.
      for (const slide of slides) shrink({ slide, body: slide.querySelector(".body") });
      turn();
    }, 100);
  }

  /* On the screen one slide shows, as large as the window lets it. */
  function turn() {
    const bar = make("nav", "turning", document.body);
    bar.ariaLabel = "Slides";
    const button = (text, label, by) => {
      const one = make("button", "", bar);
      Object.assign(one, { type: "button", textContent: text, ariaLabel: label });
      one.addEventListener("click", () => show(at + by));
    };
    button("←", "Slide before", -1);
    const status = make("span", "", bar);
    status.setAttribute("role", "status");
    button("→", "Next slide", 1);
    const leave = make("a", "", bar);
    leave.href = location.pathname;
    leave.textContent = "Leave";

    function show(k) {
      at = Math.max(0, Math.min(slides.length - 1, k));
      slides.forEach((slide, j) => slide.classList.toggle("shown", j === at));
      status.textContent = `${at + 1} of ${slides.length}`;
      asked.set("print-slides", at + 1);
      try {
        history.replaceState(null, "", `?${asked}${location.hash}`);
      } catch {} // from a folder of files some browsers keep the address as it is
    }
    const fit = () =>
      deck.style.setProperty("--fit", Math.min(innerWidth / WIDTH, (innerHeight - 40) / HEIGHT));
    addEventListener("resize", fit);
    addEventListener("keydown", (event) => {
      if (event.target.closest("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
      const to = {
        ArrowRight: at + 1, PageDown: at + 1, ArrowLeft: at - 1, PageUp: at - 1, Home: 0, End: slides.length - 1,
      }[event.key] ?? (event.key === " " && !event.target.closest("button, a, summary") ? at + 1 : null);
      if (event.key === "Escape") leave.click();
      else if (to !== null) (event.preventDefault(), show(to));
    });
    fit();
    show(Number(asked.get("print-slides")) - 1 || 0);
    document.body.dataset.slides = slides.length; // for those who wait for it
  }

  const ready = Promise.all([
    new Promise((done) => sheet.addEventListener("load", done)),
    new Promise((done) => (document.readyState === "complete" ? done() : addEventListener("load", done))),
  ]);
  ready.then(() => document.fonts.ready).then(build);
})();
