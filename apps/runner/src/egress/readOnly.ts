/** A request to a host that agents may only read. */
export interface ReadRequest {
  readonly method: string;
  /** Path with the query. */
  readonly path: string;
}

/** Return why a request may write; null if it only reads. Pure. */
export function whyNotReading({ method, path }: ReadRequest): string | null {
  const [name = "", query = ""] = path.split("?", 2);
  if (/git-receive-pack/i.test(decoded(path)))
    return "pushing is refused: tac8 publishes the work of its agents itself";
  if (method === "GET" || method === "HEAD") return null;
  const fetches = method === "POST" && /^\/[\w.-]+\/[\w.-]+\/git-upload-pack$/.test(name) && query === "";
  return fetches ? null : `${method} is refused: agents may only read there`;
}

/** Headers that are never sent to read-only hosts: everything that is read there is public. */
export const CREDENTIALS = ["authorization", "cookie", "x-github-token", "private-token"];

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
