import { isAtLeast, type Health, type Reason } from "../domain/healthLevels.ts";
import { isHotter, isOver, isUnder } from "../domain/thresholds.ts";

type What = Pick<Reason, "code" | "level">;

/** Compares values with thresholds, given the thresholds that were exceeded at the previous evaluation. */
export class Hysteresis {
  readonly #before: ReadonlyMap<string, Reason>;

  constructor(before: Health | null) {
    this.#before = new Map(before?.reasons.map((reason) => [reason.code, reason]));
  }

  over(value: number, bound: number, what: What): boolean {
    return isOver(value, bound, this.#was(what));
  }

  under(value: number, bound: number, what: What): boolean {
    return isUnder(value, bound, this.#was(what));
  }

  hotter(value: number, bound: number, what: What): boolean {
    return isHotter(value, bound, this.#was(what));
  }

  #was({ code, level }: What): boolean {
    const found = this.#before.get(code);
    return found !== undefined && isAtLeast(found.level, level);
  }
}
