import { renderMarker } from "@tac8/core/domain/marker";
import type { Comment } from "@tac8/core/github/types";
import { expect, it } from "vitest";
import { readReply } from "./reply.ts";

const comment = (id: number, login: string, body: string) => ({ id, body, author: { login } }) as Comment;
const ours = `${renderMarker({ v: 1, kind: "question", run: "r", outcome: null, label_event_id: 1, published_sha: null, question_id: null })}\nWhich?`;
const COMMENTS = [
  comment(1, "ann", "ok"),
  comment(2, "tac8", ours),
  comment(3, "ann", "Green, ok?"),
  comment(4, "stranger", "Red!"),
  comment(5, "ann", "Not too dark."),
];
const read = (comments: Comment[], login: string | null = "tac8") =>
  readReply(comments, { login, mayReply: async (author) => author === "ann" || author === "tac8" });

it("has every reply of users who may answer since the newest question", async () => {
  expect(await read(COMMENTS)).toEqual({ kind: "reply", author: "ann", text: "Green, ok?\n\nNot too dark." });
  const next = [...COMMENTS, comment(6, "tac8", ours), comment(7, "ann", "2")];
  expect(await read(next)).toEqual({ kind: "reply", author: "ann", text: "2" });
});

it.each([
  ["there is no reply", COMMENTS.slice(0, 2), "tac8"],
  ["only a user who may not answer has replied", COMMENTS.filter(({ id }) => id < 3 || id === 4), "tac8"],
  ["tac8 has asked nothing", COMMENTS.filter(({ id }) => id !== 2), "tac8"],
  ["the question is from another account", COMMENTS, "other"],
  ["tac8's account is not known", COMMENTS, null],
])("is missing if %s", async (_, comments, login) => expect(await read(comments, login)).toBeNull());
