import { expect, test } from "vitest";
import { askedFilesKey } from "./askedFilesKey.ts";

const at = (minute: number) => `2026-11-22T12:${String(minute).padStart(2, "0")}:00Z`;
const question = (minute: number, files?: string) => ({
  comment: { createdAt: at(minute) },
  marker: files === undefined ? {} : { files },
});
const label = { at: at(10) };

test("a label before any question allows every change of the work", () => {
  expect(askedFilesKey([], label)).toBeNull();
  expect(askedFilesKey([question(11, "a")], label)).toBeNull();
});

test("a label after a question allows only the files of that question", () => {
  expect(askedFilesKey([question(1, "a"), question(9, "b"), question(11, "c")], label)).toBe("b");
  expect(askedFilesKey([question(10, "a")], label)).toBe("a");
});

test("a question about something else changes nothing", () => {
  expect(askedFilesKey([question(1)], label)).toBeNull();
  expect(askedFilesKey([question(1, "a"), question(2)], label)).toBe("a");
});
