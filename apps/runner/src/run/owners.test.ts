import { expect, test } from "vitest";
import type { AdmitField, PatchOf } from "./owners.ts";

const ofSave = { "work.summary": "done" };

/** As `tsc` checks it: a line whose error is expected and missing is one itself. */
const patches: PatchOf<AdmitField>[] = [
  { "label.event": 1, "round.admitted": 1 },
  // @ts-expect-error of `save`
  { "label.event": 1, "work.summary": "done" },
  // @ts-expect-error … also where it comes by another object
  { "label.event": 1, ...ofSave },
];

test("a step's writer takes the step's own fields, and the compiler refuses others", () => {
  expect(patches).toHaveLength(3);
});
