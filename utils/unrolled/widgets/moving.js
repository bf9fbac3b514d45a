(() => {
  const kept = (window.unrolledKept ??= {}); // where the reader left a figure that a kernel draws anew
  const start = (root) => {
    root.unrolled = true;
    const one = (selector) => root.querySelector(selector), all = (selector) => [...root.querySelectorAll(selector)];
    const data = JSON.parse(one("script[type='application/json']").textContent);
    const ranges = all("input"), readouts = all(".uw-readout"), captions = all(".uw-choices > *");
    const said = one(".uw-said"), play = one("[data-go=play]"), slider = ranges[0];
    let playing = 0, pause = 0;

    const say = () => {
      const caption = captions.find((each) => each.classList.contains("on"));
      said.textContent = [caption?.textContent, one("[role=img]").getAttribute("aria-label")].filter(Boolean).join(" ");
    };
    const show = () => {
      const at = ranges.reduce((sum, range) => sum * (Number(range.max) + 1) + Number(range.value), 0);
      one("svg > g").innerHTML = data.frames[at].map((number) => data.parts[number]).join("");
      one("[role=img]").setAttribute("aria-label", data.alts[at]);
      captions.forEach((caption, number) => caption.classList.toggle("on", number === at));
      ranges.forEach((range, number) => {
        readouts[number].textContent = data.readouts[number][range.value];
        range.setAttribute("aria-valuetext", readouts[number].textContent);
      });
      kept[root.id] = ranges.map((range) => range.value);
      clearTimeout(pause);
      if (!playing) pause = setTimeout(say, 600); // once the reader rests
    };
    const atEnd = () => Number(slider.value) === Number(slider.max);
    const stop = () => {
      clearInterval(playing);
      playing = 0;
      if (play) play.textContent = "Play";
    };
    const step = (by) => {
      slider.value = Number(slider.value) + by;
      show();
    };
    const run = () => {
      if (!root.isConnected || atEnd()) return;
      if (Number(slider.value) + 1 === Number(slider.max)) stop();
      step(1);
    };
    const press = {
      first: () => { stop(); step(-slider.max); },
      back: () => { stop(); step(-1); },
      step: () => { stop(); step(1); },
      play: () => {
        if (playing) { stop(); show(); return; }
        playing = setInterval(run, data.interval);
        play.textContent = "Pause";
        step(atEnd() ? -slider.max : 1);
        if (atEnd()) stop();
      },
    };
    ranges.forEach((range, number) => {
      if (kept[root.id]) range.value = kept[root.id][number];
      range.addEventListener("input", () => { stop(); show(); });
    });
    all("[data-go]").forEach((button) => button.addEventListener("click", press[button.dataset.go]));
    all("input, button").forEach((control) => { control.dataset.lmSuppressShortcuts = "true"; }); // of JupyterLab
    root.addEventListener("keydown", (event) => { // slides turn their pages with these keys, a clicker with Page...
      if (/^(Arrow.*|Home|End|Enter| )$/.test(event.key)) event.stopPropagation();
      if (/^Page/.test(event.key) && root.closest(".reveal")) event.target.blur();
    });
    said.textContent = "";
    if (kept[root.id]) show();
    root.dataset.ready = "";
  };
  for (const root of document.querySelectorAll(".unrolled-widget:not([data-form=inspector])")) if (!root.unrolled) start(root);
})();
