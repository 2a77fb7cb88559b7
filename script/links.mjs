const FENCE = /^ {0,3}(`{3,}|~{3,})[^\n]*\n[\s\S]*?^ {0,3}\1[^\n]*$/gm;
const HEADING = /^#{1,6} +(.+?)(?: +#+)?$/gm;
const LINK =
  /\[(?:[^[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|<(?:a|img)\s[^>]*?(?:href|src)="([^"]+)"/g;
const ID = /<[a-z]+\s[^>]*?(?:id|name)="([^"]+)"/g;

/** Return the anchors of a page in Markdown, as GitHub makes them. Pure. */
export function anchorsOf(text) {
  const plain = text.replaceAll(FENCE, "");
  const anchors = new Set([...plain.matchAll(ID)].map(([, id]) => id));
  const used = new Map();
  for (const [, heading] of plain.matchAll(HEADING)) {
    const anchor = slugOf(heading);
    const times = used.get(anchor) ?? 0;
    used.set(anchor, times + 1);
    anchors.add(times === 0 ? anchor : `${anchor}-${times}`);
  }
  return anchors;
}

/** Return the relative links of a page in Markdown: a path, "" for the page itself, and an anchor or null. Pure. */
export function linksOf(text) {
  const plain = text.replaceAll(FENCE, "").replaceAll(/(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, "``");
  return [...plain.matchAll(LINK)]
    .map(([, link, html]) => link ?? html)
    .filter((target) => !/^[a-z][a-z\d+.-]*:|^\/\//i.test(target))
    .map((target) => {
      const [path = "", anchor = null] = target.split("#");
      return { path: decodeURI(path), anchor };
    });
}

function slugOf(heading) {
  return heading
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/<[^>]+>/g, "")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "")
    .replaceAll(" ", "-");
}
