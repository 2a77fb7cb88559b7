import { expect, it } from "vitest";
import { fixedNumbers, mentionedIn } from "./words.ts";

it.each([
  ["Fixes #471", [471]],
  ["closes: #1 and RESOLVED #2", [1, 2]],
  ["prefixes #3, fixing #4, #5", []],
  ["`Fixes #6` <!-- Fixes #7 --> <!-- Fixes #8", []],
  ["```\nFixes #9\n```\nFix #10", [10]],
  ["~~~\nFixes #11", []],
  ["Fixes octo/thing#12, closes other/thing#13, resolves GH-14", [12, 14]],
  ["fixed https://host/octo/thing/issues/15\ncloses http://host/other/thing/pull/16", [15]],
  ["> ```\n> Fixes #17\n> ```\nFix #18", [18]],
])("%j fixes %j", (body, numbers) => {
  expect(fixedNumbers(body, "octo/thing")).toEqual(numbers);
});

it.each([
  ["Thanks @angular, and @octo/team.", ["angular", "octo/team"]],
  ["me@example.com `@Input` <!-- @hidden -->", []],
  ["```\n@Component()\n```\n(@octo-cat)", ["octo-cat"]],
])("%j mentions %j", (body, names) => {
  expect(mentionedIn(body)).toEqual(names);
});
