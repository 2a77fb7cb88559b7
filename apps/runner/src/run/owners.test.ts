import { expect, test } from "vitest";
import type { AdmitField, PatchOf } from "./owners.ts";

const ofSave = { "work.summary": "done" };

/** Checked by `tsc`, which reports an expected error that is missing. */
const patches: PatchOf<AdmitField>[] = [
  { "label.event": 1, "round.admitted": 1 },
  // @ts-expect-error a field of `save`
  { "label.event": 1, "work.summary": "done" },
  // @ts-expect-error a field of `save`, from another object
  { "label.event": 1, ...ofSave },
];

test("a step's writer accepts only the step's own fields, and the compiler refuses others", () => {
  expect(patches).toHaveLength(3);
});
