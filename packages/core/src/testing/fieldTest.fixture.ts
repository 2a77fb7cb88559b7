import { test } from "vitest";
import { OPEN_FIELD_CASES } from "./openFieldCases.fixture.ts";

/**
 * A test of a fault that was found in the field. While its case is open, the test must fail: a fix that leaves the case
 * on the list fails the suite.
 * @param id the case, `A1`; several tests may share one
 */
export function fieldTest(id: string, name: string, body: () => void | Promise<void>): void {
  const declare = OPEN_FIELD_CASES.includes(id) ? test.fails : test;
  declare(`${id}: ${name}`, body);
}
