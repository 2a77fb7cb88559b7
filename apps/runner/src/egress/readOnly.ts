/** A request to a host of which agents only read. */
export interface ReadRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
}

/** Why a request is more than reading; null: it reads. Pure. */
export function whyNotReading({ method, path }: ReadRequest): string | null {
  const [name = "", query = ""] = path.split("?", 2);
  if (/git-receive-pack/i.test(decoded(path)))
    return "pushing is refused: tac8 publishes the work of its agents itself";
  if (method === "GET" || method === "HEAD") return null;
  const fetches = method === "POST" && /^\/[\w.-]+\/[\w.-]+\/git-upload-pack$/.test(name) && query === "";
  return fetches ? null : `${method} is refused: agents may only read there`;
}

/** Sent nowhere that agents only read of: what is read there is public. */
export const CREDENTIALS = ["authorization", "cookie", "x-github-token", "private-token"];

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
