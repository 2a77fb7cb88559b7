/** Return the page whose form sends the manifest to GitHub, which accepts it only from a browser. Pure. */
export function startPage({ action, manifest }: { readonly action: string; readonly manifest: object }): string {
  return page(
    "A GitHub App for tac8",
    `<p>GitHub shows the App's name and creates it. Then you return to this page.</p>
<form method="post" action="${escape(action)}">
<input type="hidden" name="manifest" value="${escape(JSON.stringify(manifest))}">
<button>Continue to GitHub</button>
</form>`,
  );
}

/** Return a page with a plain text. Pure. */
export function textPage(title: string, text: string): string {
  return page(title, `<p>${escape(text)}</p>`);
}

function page(title: string, main: string): string {
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title>
<body style="font: 18px/1.5 system-ui; max-width: 40em; margin: 10vh auto; padding: 0 1em">
<h1>${escape(title)}</h1>
${main}
</body></html>
`;
}

function escape(text: string): string {
  const codes: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (character) => codes[character] ?? character);
}
