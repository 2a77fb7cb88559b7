import { expect, it } from "vitest";
import { jsonText } from "./json.ts";

it("has sums without floating-point noise", () => {
  expect(jsonText({ costUsd: 0.1 + 0.2, list: [0.047599999999999996], count: 3 }, 0)).toBe(
    '{"costUsd":0.3,"list":[0.0476],"count":3}',
  );
});

it("is the same JSON, without terminal control codes", () => {
  const evil = { title: "\u009b31mred\u202e\u007f \u001b[2J é日" };
  const text = jsonText(evil, 0);
  expect(JSON.parse(text)).toEqual(evil);
  expect(text).toMatch(/^[\x20-\x7e\u00a0-\u1fff\u3000-\uffff]*$/);
});
