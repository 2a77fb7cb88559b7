import { describe, expect, it } from "vitest";
import { findMarked, isReply, parseMarker, renderMarker, type Marker } from "./marker.ts";

const MARKER: Marker = {
  v: 1,
  kind: "status",
  run: "0b5f9c1e-7c3d-4b7a-9a53-5dd1f1d1a111",
  outcome: "pr",
  label_event_id: 12_345_678_901,
  published_sha: "a".repeat(40),
  question_id: 7,
};
const line = (json: string) => `<!-- tac8 ${json} -->`;
const comment = (id: number, body: string, login = "Octo") => ({ id, body, author: { login } });

describe("a marker", () => {
  it("is read back as it was written, with the text below it", () => {
    expect(parseMarker(`${renderMarker(MARKER)}\n\nHello`)).toEqual(MARKER);
    expect(parseMarker(`${renderMarker(MARKER)}  \r\nHello`)).toEqual(MARKER);
  });

  it.each(["-->", "--", "---", "----", "a--!>", "<!-- tac8 {} -->", '"}', "\n", "\\u002d-"])(
    "cannot be ended from within: %j",
    (run) => {
      const text = renderMarker({ ...MARKER, run });
      expect(text.split("\n")).toHaveLength(1);
      expect(text.slice(4, -3)).not.toMatch(/--|>/);
      expect(parseMarker(text)?.run).toBe(run);
    },
  );

  it("fills in what an older version did not write", () => {
    expect(parseMarker(line('{"v":1,"kind":"status","run":""}'))).toEqual({
      v: 1,
      kind: "status",
      run: "",
      outcome: null,
      label_event_id: 0,
      published_sha: null,
      question_id: null,
    });
  });

  it.each([
    ["", "nothing"],
    ["Hello", "words"],
    [`Hello\n${renderMarker(MARKER)}`, "on the second line"],
    [` ${renderMarker(MARKER)}`, "indented"],
    [`> ${renderMarker(MARKER)}`, "quoted"],
    [`${renderMarker(MARKER)} and more`, "with words behind it"],
    [line("{"), "broken"],
    [line("{}"), "empty"],
    [line('{"v":2,"kind":"status","run":""}'), "of another version"],
    [line('{"v":1,"kind":"root","run":""}'), "of an unknown kind"],
    [line('{"v":1,"kind":"status","run":{"a":1}}'), "with an object as run"],
    [line('{"v":1,"kind":"status","run":"","label_event_id":-1}'), "with a negative event"],
    [line('{"v":1,"kind":"status","run":"","label_event_id":1e400}'), "with an endless event"],
    [line('{"v":1,"kind":"status","run":"","label_event_id":"1"}'), "with an event in quotes"],
    [line(`{"v":1,"kind":"status","run":"${"x".repeat(65)}"}`), "with a long run"],
    [line(`{"v":1,"kind":"status","run":"","x":"${"x".repeat(3000)}"}`), "too long"],
    ["<!-- tac8 ".repeat(6000), "60 kB of beginnings"],
    [line(`{${"[".repeat(1900)}}`), "deep"],
  ])("%#: is none: %s", (body) => {
    expect(parseMarker(body)).toBeNull();
  });

  it("brings nothing along that the schema does not know", () => {
    const found = parseMarker(line('{"v":1,"kind":"status","run":"","__proto__":{"polluted":1},"extra":1}'));
    expect(Object.keys(found ?? {}).sort()).toEqual(Object.keys(MARKER).sort());
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("findMarked", () => {
  it("counts our own account's only, of one kind, oldest first", () => {
    const own = renderMarker(MARKER);
    const comments = [
      comment(9, own),
      comment(3, own, "octo"),
      comment(4, own, "stranger"),
      comment(5, renderMarker({ ...MARKER, kind: "question" })),
      comment(6, "words"),
    ];
    expect(findMarked(comments, "OCTO", "status").map((found) => found.comment.id)).toEqual([3, 9]);
  });
});

describe("isReply", () => {
  it.each([
    [comment(11, "Use the second one."), true],
    [comment(10, "the question itself"), false],
    [comment(9, "said before"), false],
    [comment(11, renderMarker(MARKER)), false],
    [comment(11, `Quoting:\n${renderMarker(MARKER)}`), true],
  ])("%#", (found, expected) => {
    expect(isReply(found, 10)).toBe(expected);
  });
});
