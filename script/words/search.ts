import type { Avoided } from "./glossary.ts";

export interface Wanted {
  avoided: readonly Avoided[];
  /** See `isFixed`. */
  fixed: readonly string[];
}

export interface Hit {
  /** Line number from 1; 0: the hit is in the path of the file. */
  line: number;
  /** As written in the file. */
  found: string;
  instead: string;
}

/** A word of a text; `at` and `end` are offsets. */
interface Word {
  text: string;
  at: number;
  end: number;
}

const WORD = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g;

/** Text between two words of a phrase: nothing (`endNote`), a space, a hyphen, or the end of a line of a comment. */
const GAP = /^(?:[-_ ]?|[ \t]*\n[ \t]*(?:\/\/|\*|#|>)?[ \t]*)$/;

/** The same in an exception, which may also be a name such as "Math.sign" or a key in Redis. */
const WIDE_GAP = /^(?:[-_ .:/]?|[ \t]*\n[ \t]*(?:\/\/|\*|#|>)?[ \t]*)$/;

/**
 * Search a text for avoided words: whole words, also as parts of identifiers.
 * @param code the same text with its comments and strings blanked, for words that are avoided only as names; null: no code
 */
export function searchWords(text: string, code: string | null, { avoided, fixed }: Wanted): Hit[] {
  const prose = avoided.filter(({ nameOnly }) => !nameOnly);
  const names = avoided.filter(({ nameOnly }) => nameOnly);
  const hits = [
    ...searchText(text, { avoided: prose, fixed }),
    ...(code === null ? [] : searchText(code, { avoided: names, fixed })),
  ];
  return hits.toSorted((one, other) => one.line - other.line);
}

function searchText(text: string, { avoided, fixed }: Wanted): Hit[] {
  const words = [...text.matchAll(WORD)].map(([word], index, all) => ({
    text: word.toLowerCase(),
    at: all[index]?.index ?? 0,
    end: (all[index]?.index ?? 0) + word.length,
  }));
  const byFirst = Map.groupBy(avoided, (one) => one.words[0] ?? "");
  const lineStarts = [...text.matchAll(/\n/g)].map(({ index }) => index);
  const hits: Hit[] = [];
  let line = 1;
  for (const [index, word] of words.entries()) {
    const match = byFirst
      .get(word.text)
      ?.filter(
        (one) =>
          isPhraseAt({ words, index, phrase: one.words, text, gap: GAP }) && !isException(words, index, one, text),
      )
      .toSorted((one, other) => other.words.length - one.words.length)[0];
    if (match === undefined) continue;
    while (line <= lineStarts.length && (lineStarts[line - 1] ?? Infinity) < word.at) line++;
    const last = words[index + match.words.length - 1] ?? word;
    if (fixed.some((name) => isFixed(name, { text, at: word.at, end: last.end }))) continue;
    hits.push({
      line,
      found: text.slice(word.at, last.end).replace(/\s*\n\s*(?:\/\/|\*|#|>)?\s*/g, " "),
      instead: match.instead,
    });
  }
  return hits;
}

interface Place {
  words: readonly Word[];
  index: number;
  phrase: readonly string[];
  text: string;
  gap: RegExp;
}

const isPhraseAt = ({ words, index, phrase, text, gap }: Place) =>
  phrase.every((word, offset) => {
    const at = words[index + offset];
    const before = words[index + offset - 1];
    if (at?.text !== word) return false;
    return offset === 0 || (before !== undefined && gap.test(text.slice(before.end, at.at)));
  });

/** Return whether a hit is part of an exception, which may have words before it: "right away". */
const isException = (words: readonly Word[], index: number, { words: phrase, exceptions }: Avoided, text: string) =>
  exceptions.some((exception) =>
    exception.some(
      (_, offset) =>
        phrase.every((word, at) => exception[offset + at] === word) &&
        isPhraseAt({ words, index: index - offset, phrase: exception, text, gap: WIDE_GAP }),
    ),
  );

/** What is before a key of an object, and before a property. */
const BEFORE_KEY = /[{(,;\n][ \t]*(?:readonly )?$/;
const QUOTES = "\"'`";

/**
 * Whether a hit is in a fixed name of the glossary, written as a name: in quotes or backticks, as the key of an object, or as a
 * property. A fixed text of several words is fine everywhere.
 */
function isFixed(name: string, hit: Word): boolean {
  const { text } = hit;
  const offset = name.toLowerCase().indexOf(text.slice(hit.at, hit.end).toLowerCase());
  if (offset < 0) return false;
  const at = hit.at - offset;
  const end = at + name.length;
  if (text.slice(at, end) !== name) return false;
  if (name.includes(" ")) return true;
  const before = text.slice(Math.max(0, at - 80), at);
  const after = text.slice(end, end + 2);
  if (QUOTES.includes(before.at(-1) ?? " ")) return QUOTES.includes(after.replace("\\", "").at(0) ?? " ");
  return (/^\??:/.test(after) && BEFORE_KEY.test(before)) || (/[\w\])]\??\.$/.test(before) && !/^\w/.test(after));
}
