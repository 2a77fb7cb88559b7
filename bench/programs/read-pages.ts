// Floor of reading a list of issues: reads one page after the other, then each page again with its ETag.
// Arguments: address of the list, token. Prints time and CPU time of both rounds in ms, as JSON.
const [list = "", token = ""] = process.argv.slice(2);
const etags = new Map<number, string>();

/** Read the pages once. An unchanged page has no link to the next one, so the second round reads as many pages as the first. */
async function round(): Promise<{ readonly ms: number; readonly cpuMs: number }> {
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  const pages = etags.size || Infinity;
  let page = 0;
  let hasNext = true;
  while (hasNext && page < pages) {
    page += 1;
    const known = etags.get(page);
    const headers = { authorization: `token ${token}`, ...(known === undefined ? {} : { "if-none-match": known }) };
    const response = await fetch(`${list}&page=${page}`, { headers });
    if (response.status !== 200 && response.status !== 304) throw new Error(`page ${page}: ${response.status}`);
    const body = await response.text();
    if (response.status === 304) continue;
    JSON.parse(body);
    etags.set(page, response.headers.get("etag") ?? "");
    hasNext = (response.headers.get("link") ?? "").includes('rel="next"');
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  return { ms: performance.now() - startedAt, cpuMs: (user + system) / 1000 };
}

process.stdout.write(JSON.stringify({ first: await round(), unchanged: await round() }));
