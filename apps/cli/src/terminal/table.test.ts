import { expect, it } from "vitest";
import { renderTable } from "./table.ts";

const rows = [
  { id: "#1", note: "", title: "a title that is longer than what is left" },
  { id: "#1234", note: "", title: "short" },
];
const columns = [
  { title: "ID", max: 4, text: (row: (typeof rows)[number]) => row.id },
  { title: "NOTE", max: 9, text: (row: (typeof rows)[number]) => row.note },
  { title: "TITLE", max: 30, text: (row: (typeof rows)[number]) => row.title },
];

it("shortens cells, omits empty columns and gives the remaining space to the last one", () => {
  expect(renderTable({ rows, columns, width: 20 })).toEqual(["ID    TITLE", "#1    a title that …", "#12…  short"]);
});

it("omits the last column if there is not enough space", () => {
  expect(renderTable({ rows, columns, width: 12 })).toEqual(["ID", "#1", "#12…"]);
});

it("has only a header, or nothing, without rows", () => {
  expect(renderTable({ rows: [], columns, width: 20 })).toEqual([]);
});

it("keeps columns in line behind full-width letters and joined emoji", () => {
  const people = [
    { id: "Ｎｏ１", title: "x" },
    { id: "👩‍👩‍👧‍👦", title: "x" },
    { id: "#12345", title: "x" },
  ];
  const lines = renderTable({
    rows: people,
    columns: [
      { title: "ID", max: 6, text: ({ id }) => id },
      { title: "T", max: 5, text: ({ title }) => title },
    ],
    width: 20,
  });
  expect(lines).toEqual(["ID      T", "Ｎｏ１  x", "👩‍👩‍👧‍👦      x", "#12345  x"]);
});
