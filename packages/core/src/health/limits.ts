import type { ConfigFile } from "../config/schema.ts";
import { isAtLeast, type Health, type Reason } from "../domain/healthLevels.ts";

/** The config's section `[health]`; 0 is no limit. */
export type HealthLimits = ConfigFile["health"];

/** What was wrong stays so until it is this much better, so that it does not come and go at each look. */
export const EASE = 0.2;
const COOLER_C = 3;

/** Whether limits are broken, with what was broken before. */
export class Scale {
  readonly #before: ReadonlyMap<string, Reason>;

  constructor(before: Health | null) {
    this.#before = new Map(before?.reasons.map((reason) => [reason.code, reason]));
  }

  over(value: number, bound: number, what: Pick<Reason, "code" | "level">): boolean {
    return bound > 0 && value > (this.#was(what) ? bound * (1 - EASE) : bound);
  }

  under(value: number, bound: number, what: Pick<Reason, "code" | "level">): boolean {
    return bound > 0 && value < (this.#was(what) ? bound * (1 + EASE) : bound);
  }

  hotter(value: number, bound: number, what: Pick<Reason, "code" | "level">): boolean {
    return bound > 0 && value > (this.#was(what) ? bound - COOLER_C : bound);
  }

  #was({ code, level }: Pick<Reason, "code" | "level">): boolean {
    const found = this.#before.get(code);
    return found !== undefined && isAtLeast(found.level, level);
  }
}
