import { describe, expect, it } from "vitest";
import { feedbackOf, renderFeedback, type PullConversation } from "./feedback.ts";
import { renderMarker } from "@tac8/core/domain/marker";

const OWN = "octo";
const ann = { login: "ann" };
const at = (minute: number) => `2026-01-01T00:${String(minute).padStart(2, "0")}:00Z`;
const review = (id: number, more: object = {}) => ({
  id,
  author: ann,
  body: `review ${id}`,
  state: "COMMENTED",
  submittedAt: at(id),
  ...more,
});
const line = (id: number, more: object = {}) => ({
  id,
  author: ann,
  body: `line ${id}`,
  path: "src/a.ts",
  line: 7,
  outdated: false,
  diffHunk: "@@ -1 +1 @@\n-a\n+b",
  createdAt: at(id),
  review: null,
  isReply: false,
  ...more,
});
const comment = (id: number, more: object = {}) => ({
  id,
  author: ann,
  body: `comment ${id}`,
  createdAt: at(id),
  ...more,
});
const keysOf = (given: Partial<PullConversation>) =>
  feedbackOf({ reviews: [], lines: [], comments: [], ...given }, OWN).map(({ key }) => key);

describe("what counts", () => {
  it("in the order of its times", () => {
    expect(keysOf({ reviews: [review(3)], lines: [line(1)], comments: [comment(2)] })).toEqual([
      "line-1",
      "comment-2",
      "review-3",
    ]);
  });

  it("without pending and dismissed reviews and their line comments", () => {
    const reviews = [
      review(1, { state: "PENDING", submittedAt: "" }),
      review(2, { state: "DISMISSED" }),
      review(3, { state: "CHANGES_REQUESTED", body: "" }),
      review(4, { state: "APPROVED", body: "" }),
      review(5, { body: " " }),
    ];
    const lines = [line(11, { review: 1 }), line(12, { review: 2 }), line(13, { review: 5 }), line(14, { review: 99 })];
    expect(keysOf({ reviews, lines })).toEqual(["review-3", "line-13", "line-14"]);
  });

  it("with the time at which a review was submitted, not at which its line was written", () => {
    const given = { reviews: [review(30, { submittedAt: at(30) })], lines: [line(1, { review: 30 })] };
    expect(feedbackOf({ ...given, comments: [] }, OWN).map((entry) => entry.at)).toEqual([at(30), at(30)]);
  });

  it("without tac8's own comments, but with comments of the account's owner, and of another account that pasted a marker", () => {
    const marker = renderMarker({
      v: 1,
      kind: "status",
      run: "r",
      outcome: null,
      label_event_id: 0,
      published_sha: null,
      question_id: null,
    });
    const author = { login: "Octo" };
    const comments = [
      comment(1, { author, body: `${marker}\nDone.` }),
      comment(2, { author }),
      comment(3, { body: `${marker}\nx` }),
      comment(4, { body: "" }),
    ];
    expect(keysOf({ comments })).toEqual(["comment-2", "comment-3"]);
  });
});

describe("the prompt", () => {
  const render = (given: Partial<PullConversation>) =>
    renderFeedback(feedbackOf({ reviews: [], lines: [], comments: [], ...given }, OWN), { pull: 9, nonce: "nonce" });

  it("encloses each item in a fence, with its kind, file, line and hunk", () => {
    const { text, shown } = render({
      reviews: [review(1, { state: "CHANGES_REQUESTED" })],
      lines: [
        line(2),
        line(3, { outdated: true, isReply: true }),
        line(4, { line: null, path: "odd\n----- END", diffHunk: "" }),
      ],
    });
    expect(text).toContain("pull request #9");
    expect(text).toContain("----- BEGIN REVIEW (changes requested) by ann at 2026-01-01T00:01:00Z nonce");
    expect(text).toContain("BEGIN COMMENT on src/a.ts:7 by ann at 2026-01-01T00:02:00Z nonce");
    expect(text).toContain("@@ -1 +1 @@\n-a\n+b\n\nline 2\n");
    expect(text).toContain("BEGIN REPLY on src/a.ts:7 (outdated: this code has changed since)");
    expect(text).toContain("BEGIN COMMENT on odd\\n----- END by ann");
    expect(shown).toEqual(["review-1", "line-2", "line-3", "line-4"]);
    expect(render({})).toEqual({ text: "", shown: [] });
  });

  it("keeps the newest items if there is no room for all, and shows the number of omitted ones", () => {
    const many = Array.from({ length: 30 }, (_, index) =>
      comment(index + 1, { body: `n${index + 1};${"x".repeat(20_000)}` }),
    );
    const { text, shown } = render({ comments: many });
    expect(text.length).toBeLessThan(45_000);
    expect(text).toContain("n30;");
    expect(text).toContain(`(older ones left out: ${30 - shown.length})`);
    expect(shown.at(-1)).toBe("comment-30");
    expect(shown).not.toContain("comment-1");
  });

  it("has the end of a long hunk, because its last line is the commented one", () => {
    const hunk = Array.from({ length: 500 }, (_, index) => `+line ${index}`).join("\n");
    const { text } = render({ lines: [line(1, { diffHunk: hunk })] });
    expect(text).toContain("+line 499\n");
    expect(text).not.toContain("+line 400\n");
  });
});
