import { expect, it } from "vitest";
import { jsonText } from "./json.ts";

it("is the same JSON, with nothing in it that a terminal would obey", () => {
  const evil = { title: "\u009b31mred\u202e\u007f \u001b[2J é日" };
  const text = jsonText(evil, 0);
  expect(JSON.parse(text)).toEqual(evil);
  expect(text).toMatch(/^[\x20-\x7e\u00a0-\u1fff\u3000-\uffff]*$/);
});
