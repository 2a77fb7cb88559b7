import { createHash, createHmac } from "node:crypto";
import { MAX_FINDINGS, type Finding, type Result } from "./protocol.ts";

const MAX_WHERE = 200;

/** Collection of findings. Each location is listed once, and the digest includes every value that was found there. */
export class Results {
  readonly #salt: string;
  readonly #keys = new Set<string>();
  readonly #places = new Set<string>();
  readonly #certain: Finding[] = [];
  readonly #others: Finding[] = [];

  constructor(salt: string) {
    this.#salt = salt;
  }

  add(finding: Finding, secret: string): void {
    const { line, rule, isCertain } = finding;
    const where = finding.where.slice(0, MAX_WHERE);
    const place = JSON.stringify([finding.where, line, rule]);
    this.#keys.add(createHmac("sha256", this.#salt).update(`${place}\n${secret}`).digest("base64"));
    if (this.#places.has(place)) return;
    this.#places.add(place);
    const list = isCertain ? this.#certain : this.#others;
    if (list.length < MAX_FINDINGS) list.push({ ...finding, where });
  }

  result(): Result {
    const digest = createHash("sha256")
      .update([...this.#keys].toSorted().join("\n"))
      .digest("hex");
    const findings = [...this.#certain, ...this.#others].slice(0, MAX_FINDINGS);
    return { findings, count: this.#places.size, digest };
  }
}
