export interface CachedResponse {
  etag: string;
  body: string;
  /** The Link header of the body. A 304 has none, so this one still applies. */
  link: string | null;
  contentType: string;
}

export interface EtagCache {
  get: (url: string) => CachedResponse | undefined;
  set: (url: string, response: CachedResponse) => void;
  readonly size: number;
  readonly bytes: number;
}

export interface EtagCacheOptions {
  maxEntries?: number;
  /** Maximum size, counted as two bytes per character. */
  maxBytes?: number;
}

/** Create a cache of the last complete response for each URL. It evicts the least recently used ones. A response that is too large is not kept. */
export function createEtagCache({ maxEntries = 2000, maxBytes = 64 * 1024 * 1024 }: EtagCacheOptions = {}): EtagCache {
  const entries = new Map<string, CachedResponse>();
  let bytes = 0;
  const sizeOf = (url: string, response: CachedResponse): number =>
    2 *
    (url.length +
      response.etag.length +
      response.body.length +
      (response.link?.length ?? 0) +
      response.contentType.length);
  const drop = (url: string): void => {
    const known = entries.get(url);
    if (known === undefined) return;
    bytes -= sizeOf(url, known);
    entries.delete(url);
  };
  return {
    get: (url) => {
      const known = entries.get(url);
      if (known !== undefined) {
        entries.delete(url);
        entries.set(url, known);
      }
      return known;
    },
    set: (url, response) => {
      drop(url);
      if (sizeOf(url, response) > maxBytes) return;
      entries.set(url, response);
      bytes += sizeOf(url, response);
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries && bytes <= maxBytes) break;
        drop(oldest);
      }
    },
    get size() {
      return entries.size;
    },
    get bytes() {
      return bytes;
    },
  };
}
