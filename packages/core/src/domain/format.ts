/**
 * Version of an issue's record: the hash in Redis, with the fields and states that runs write. It goes up when an older version
 * would misread what this one writes. A runner takes no job whose record has a newer one.
 */
export const RECORD_FORMAT = 2;

/**
 * Version of everything that tac8 keeps in Redis and in its data folder. It goes up when an older version must not touch it at
 * all: such a version does not start on it.
 */
export const DATA_FORMAT = 1;

/** Pure: the reason of a job whose record is of a newer version than `known`; null: it is not. See domain/placement.ts. */
export function newerRecord(format: number, known = RECORD_FORMAT): string | null {
  return format > known ? `format:${format}` : null;
}

/** Pure: the record's version in such a reason; null: it is another reason. */
export function formatOfReason(reason: string): number | null {
  const [, format] = /^format:(\d{1,6})$/.exec(reason) ?? [];
  return format === undefined ? null : Number(format);
}

/** Pure: why data of this version cannot be used; null: it can. `found`: as it was read, null where there is no mark. */
export function newerData(found: string | null, known = DATA_FORMAT): string | null {
  const format = Number(found?.trim() ?? 0);
  if (!Number.isInteger(format) || format <= known) return null;
  return `has data of a newer tac8 (format ${format}; this version supports ${known}): upgrade tac8 on this machine`;
}
