/** Effect of a fault on the next answers. */
export type FaultAction =
  | {
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
      /** The work is done before it is answered like this. */
      readonly doWork?: boolean;
    }
  | { readonly delayMs: number }
  /** The answer is sent byte by byte, with this number of milliseconds between them, until the client closes the connection. */
  | { readonly trickleMs: number }
  /** `before` the work is done; `after` it; in the `middle` of the answer: half of its text, which ends as if it were whole. */
  | { readonly drop: "before" | "after" | "middle" };

export interface FaultRequest {
  readonly method?: string;
  /** A text is the whole path (any case), without `/api/v3`; an expression is looked for in it. */
  readonly path: RegExp | string;
  readonly times: number;
  /** Number of requests that pass first. */
  readonly after?: number;
  readonly do: FaultAction;
}

export interface Fault {
  /** Number of requests that it has affected so far. */
  readonly hits: number;
  remove(): void;
}

interface Armed {
  readonly request: FaultRequest;
  passed: number;
  hits: number;
}

/** Faults that wait for their request, oldest first. */
export class Faults {
  readonly #armed: Armed[] = [];

  add(request: FaultRequest): Fault {
    const armed: Armed = { request, passed: 0, hits: 0 };
    const list = this.#armed;
    list.push(armed);
    return {
      get hits() {
        return armed.hits;
      },
      remove() {
        const index = list.indexOf(armed);
        if (index >= 0) list.splice(index, 1);
      },
    };
  }

  clear(): void {
    this.#armed.length = 0;
  }

  /** Return the action for this request, and count it. */
  take(method: string, path: string): FaultAction | undefined {
    const fitting = this.#armed.filter(({ request }) => fits(request, method, path));
    for (const armed of fitting) {
      if (armed.passed < (armed.request.after ?? 0)) {
        armed.passed += 1;
      } else if (armed.hits < armed.request.times) {
        armed.hits += 1;
        return armed.request.do;
      }
    }
    return undefined;
  }
}

function fits({ method: wanted, path: pattern }: FaultRequest, method: string, path: string): boolean {
  if (wanted !== undefined && wanted.toUpperCase() !== method) return false;
  if (typeof pattern === "string") return pattern.toLowerCase() === path.toLowerCase();
  pattern.lastIndex = 0;
  return pattern.test(path);
}
