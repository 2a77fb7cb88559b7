import { expect, test } from "vitest";
import { prune } from "./openapi/prune.ts";

const ref = (name) => ({ $ref: `#/components/schemas/${name}` });
const answers = (schema) => ({ content: { "application/json": { schema, examples: {} } }, description: "Response" });

const FULL = {
  openapi: "3.0.3",
  info: { version: "1.2.3", license: { name: "MIT" }, title: "Full" },
  tags: [],
  paths: {
    "/things/{thing_id}": {
      put: { responses: { 200: answers(ref("thing")) } },
      get: { summary: "Get", parameters: [], responses: { 404: answers(ref("error")), 200: answers(ref("thing")) } },
      delete: { responses: { 204: { description: "Response" } } },
    },
    "/things": { get: { responses: { 200: answers({ type: "array", items: ref("thing") }) } } },
  },
  components: {
    schemas: {
      unused: { type: "string" },
      error: { type: "object" },
      thing: {
        type: "object",
        title: "Thing",
        "x-internal": true,
        properties: { description: { type: "string", example: "a", nullable: true }, owner: { anyOf: [ref("owner")] } },
        required: ["description"],
        additionalProperties: false,
      },
      owner: { type: "object", properties: { things: { type: "array", items: ref("thing") } } },
    },
  },
};

const withThing = (thing) => ({ ...FULL, components: { schemas: { ...FULL.components.schemas, thing } } });

test("keeps what validates the requested operations, and the schemas that they refer to", () => {
  expect(prune(FULL, ["GET /things/{}", "DELETE /things/{}"])).toEqual({
    openapi: "3.0.3",
    info: { version: "1.2.3", license: { name: "MIT" } },
    paths: {
      "/things/{thing_id}": {
        delete: { responses: { 204: {} } },
        get: { responses: { 200: { content: { "application/json": { schema: ref("thing") } } } } },
      },
    },
    components: {
      schemas: {
        owner: FULL.components.schemas.owner,
        thing: {
          type: "object",
          properties: { description: { type: "string", nullable: true }, owner: { anyOf: [ref("owner")] } },
          required: ["description"],
          additionalProperties: false,
        },
      },
    },
  });
});

test("refuses to drop an operation, a schema or a keyword", () => {
  expect(() => prune(FULL, ["GET /things", "GET /other"])).toThrow("the description lacks GET /other");
  expect(() => prune(withThing(ref("nothing")), ["GET /things"])).toThrow("the description lacks the schema nothing");
  expect(() => prune(withThing({ if: {} }), ["GET /things"])).toThrow('unknown keyword "if"');
});
