(() => {
  const start = (root) => {
    root.unrolled = true;
    const buttons = [...root.querySelectorAll(".uw-spots button")], shown = [...root.querySelectorAll(".uw-choices > *")];
    const said = root.querySelector(".uw-said");
    const several = root.querySelector("script[type='application/json']"); // pictures, one for each button
    const pictures = several && JSON.parse(several.textContent);
    const choose = (chosen) => {
      buttons.forEach((button, number) => {
        button.setAttribute("aria-pressed", number === chosen);
        button.tabIndex = number === chosen ? 0 : -1;
        shown[number].classList.toggle("on", number === chosen);
      });
      if (pictures) {
        root.querySelector("svg > g").innerHTML = pictures.frames[chosen].map((part) => pictures.parts[part]).join("");
      }
      said.textContent = shown[chosen].innerText;
    };
    const middle = (button) => [parseFloat(button.style.left), parseFloat(button.style.top)];
    const next = (from, x, y) => { // the nearest one in the direction of the arrow
      const [left, top] = middle(from);
      const far = (button) => {
        const [dx, dy] = [middle(button)[0] - left, middle(button)[1] - top];
        const ahead = dx * x + dy * y;
        return ahead > 0.5 ? ahead + 3 * Math.abs(dx * y - dy * x) : Infinity;
      };
      const best = buttons.reduce((a, b) => (far(b) < far(a) ? b : a));
      return far(best) < Infinity ? buttons.indexOf(best) : buttons.indexOf(from);
    };
    const keys = {
      ArrowLeft: (from) => next(from, -1, 0), ArrowRight: (from) => next(from, 1, 0),
      ArrowUp: (from) => next(from, 0, -1), ArrowDown: (from) => next(from, 0, 1),
      Home: () => 0, End: () => buttons.length - 1,
    };
    buttons.forEach((button, number) => {
      button.addEventListener("click", () => choose(number));
      if (pictures) button.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && choose(number));
      button.dataset.lmSuppressShortcuts = "true"; // of JupyterLab
    });
    root.addEventListener("keydown", (event) => { // slides turn their pages with the same keys
      if (event.key in keys || event.key === "Enter" || event.key === " ") event.stopPropagation();
      if (!(event.key in keys)) return;
      event.preventDefault();
      const to = keys[event.key](event.target);
      choose(to);
      buttons[to].focus();
    });
    choose(0);
    said.textContent = "";
    root.dataset.ready = "";
  };
  for (const root of document.querySelectorAll(".unrolled-widget[data-form=inspector]")) if (!root.unrolled) start(root);
})();
