import type { Finding } from "./finding.ts";
import type { Site } from "./site.ts";

/** One thing that is checked. Its evaluation is a pure function beside it, over what was read. */
export interface Check {
  /** For people, and `check` in the JSON. */
  readonly name: string;
  /** The longest that it may take. */
  readonly limitMs: number;
  /** May throw: that becomes a finding. Ends at once when the signal is aborted, or is no longer waited for. */
  readonly inspect: (site: Site, signal: AbortSignal) => Promise<readonly Finding[]>;
}
