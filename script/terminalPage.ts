/** Colours of the codes 30 to 37 and 90 to 97, on a dark background. */
const COLOURS: Readonly<Record<string, string>> = {
  31: "#ff7b72",
  32: "#56d364",
  33: "#e3b341",
  34: "#79c0ff",
  35: "#d2a8ff",
  36: "#56d4dd",
  90: "#8b949e",
};
// oxlint-disable-next-line no-control-regex -- a code begins with the escape character
const CODE = /\u001b\[([\d;]*)m/;

/**
 * Return a page that shows a terminal's screen, as `tmux capture-pane -e` prints it, and the command line above it. Pure.
 * @throws Error for a code that tac8 does not print, so that no picture silently lacks a colour
 */
export function terminalPage(command: string, styled: string): string {
  let style: Readonly<Record<string, string>> = {};
  // The parts alternate between text and the numbers of a code.
  const parts = styled.trimEnd().split(CODE);
  const spans = parts.map((part, index) => {
    if (index % 2 === 0) return span(style, part);
    for (const code of part.split(";")) style = applied(style, code);
    return "";
  });
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; background: transparent; }
    pre { display: inline-block; margin: 0; padding: 20px 24px; border-radius: 10px; background: #0d1117; color: #e6edf3;
      font: 14px/1.45 "DejaVu Sans Mono", monospace; }
  </style><pre><span style="color:#8b949e">$</span> ${escaped(command)}\n\n${spans.join("")}</pre>`;
}

function applied(style: Readonly<Record<string, string>>, code: string): Readonly<Record<string, string>> {
  switch (code) {
    case "":
    case "0":
      return {};
    case "1":
      return { ...style, "font-weight": "bold" };
    case "2":
      return { ...style, opacity: "0.65" };
    case "4":
      return { ...style, "text-decoration": "underline" };
    case "7":
      return { ...style, color: "#0d1117", background: "#c9d1d9" };
    case "22":
      return { ...style, "font-weight": "normal", opacity: "1" };
    case "24":
      return { ...style, "text-decoration": "none" };
    case "27":
      return { ...style, color: "inherit", background: "none" };
    case "39":
      return { ...style, color: "inherit" };
    case "49":
      return { ...style, background: "none" };
    default: {
      const color = COLOURS[code];
      if (color === undefined) throw new Error(`the terminal's screen has the unknown code ${code}`);
      return { ...style, color };
    }
  }
}

function span(style: Readonly<Record<string, string>>, text: string): string {
  const css = Object.entries(style).map(([name, value]) => `${name}:${value}`);
  return css.length === 0 || text === "" ? escaped(text) : `<span style="${css.join(";")}">${escaped(text)}</span>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
