// JSON, read token by token out of bytes: what JSON.parse keeps silent about (a name twice, half a surrogate pair, a
// number that a double cannot hold) is an error here, nothing recurses, and no tree is built.
import type { ErrorCode, FewbitsError } from '../errors.ts';
import { EXACT, JSON_DEPTH, NAME } from './limits.ts';
import { digits, fault, tooLarge, utf8 } from './words.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

export class JsonReader {
  private at = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly file: string,
    /** Where the text begins in the file. */
    private readonly start = 0,
  ) {}

  /** Where the next token is, in the file. */
  get position(): number {
    return this.start + this.at;
  }

  fault(code: ErrorCode, what: string, at = this.at): FewbitsError {
    return fault(code, this.file, this.start + at, `header, byte ${digits(this.start + at)}: ${what}.`);
  }

  /** Reads an object: `member` reads the value of the name it gets. No name stands twice. */
  object(what: string, member: (name: string) => void): void {
    const names = new Set<string>();
    this.sequence('{', '}', what, () => {
      const before = this.at;
      const name = this.string('a name in quotes');
      if (names.has(name)) throw this.fault('DUPLICATE_NAME', 'this name stands twice in its object', before);
      names.add(name);
      if (!this.take(':')) throw this.fault('BAD_HEADER', "':' must follow the name");
      member(name);
    });
  }

  array(what: string, item: () => void): void {
    this.sequence('[', ']', what, item);
  }

  private sequence(open: string, close: string, what: string, item: () => void): void {
    if (!this.take(open)) throw this.fault('BAD_HEADER', `${what} is missing`);
    if (this.take(close)) return;
    do item();
    while (this.take(','));
    if (!this.take(close)) throw this.fault('BAD_HEADER', `',' or '${close}' must follow`);
  }

  string(what: string): string {
    if (!this.take('"')) throw this.fault('BAD_HEADER', `${what} is missing`);
    const begin = this.at;
    let escaped = false;
    for (; ; this.at++) {
      const byte = this.bytes[this.at];
      if (byte === undefined) throw this.fault('BAD_HEADER', 'a string does not end', begin);
      if (byte === QUOTE) break;
      if (byte < 0x20) throw this.fault('BAD_HEADER', 'a control character inside a string');
      if (byte !== BACKSLASH) continue;
      escaped = true;
      this.at++;
    }
    const text = utf8(this.bytes.subarray(begin, this.at), this.file, this.start + begin, 'A string');
    this.at++;
    return escaped ? this.unescape(text, begin) : text;
  }

  /** A name: a string of bounded length. */
  name(text: string, what: string): string {
    if (text.length > NAME) throw tooLarge(this.file, this.position, `bytes of ${what}`, NAME, text.length);
    return text;
  }

  private unescape(text: string, begin: number): string {
    const plain = text.replace(/\\(?:u([0-9a-fA-F]{4})|(.?))/gs, (_, hexadecimal, letter) => {
      if (hexadecimal !== undefined) return String.fromCharCode(Number.parseInt(hexadecimal, 16));
      const meant = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
      if (meant === undefined) throw this.fault('BAD_HEADER', 'an escape that JSON does not have', begin);
      return meant;
    });
    if (/\p{Cs}/u.test(plain)) throw this.fault('BAD_UTF8', 'half of a surrogate pair', begin);
    return plain;
  }

  /** A whole number, 0 or more, written with digits alone. */
  unsigned(what: string): number {
    const before = this.at;
    const text = this.number();
    if (text === undefined || !/^\d+$/.test(text))
      throw this.fault('BAD_HEADER', `${what} must be a whole number, 0 or more`, before);
    if (text.length > 16 || Number(text) > EXACT) {
      const most = `${text.slice(0, 30)} is beyond ${digits(EXACT)}, the largest number that is exact`;
      throw this.fault('OUT_OF_RANGE', `${what}: ${most}`, before);
    }
    return Number(text);
  }

  /** The text of a number as JSON writes them, or undefined. */
  private number(): string | undefined {
    this.space();
    let end = this.at;
    while (end < this.bytes.length && /[-+.0-9eE]/.test(String.fromCharCode(this.bytes[end]!))) end++;
    const text = String.fromCharCode(...this.bytes.subarray(this.at, Math.min(end, this.at + 400)));
    if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(text)) return undefined;
    this.at = end;
    return text;
  }

  /** Passes over any value. */
  skip(): void {
    const closing: ('}' | ']')[] = [];
    const begun = new Map<string, '}' | ']'>([
      ['{', '}'],
      ['[', ']'],
    ]);
    for (;;) {
      const close = begun.get(this.peek());
      if (close) {
        if (closing.length === JSON_DEPTH)
          throw tooLarge(this.file, this.position, 'levels of JSON', JSON_DEPTH, closing.length + 1);
        this.at++;
        if (!this.take(close)) {
          closing.push(close);
          this.memberName(close);
          continue;
        }
      } else this.scalar();
      while (closing.length > 0 && this.take(closing.at(-1)!)) closing.pop();
      if (closing.length === 0) return;
      if (!this.take(',')) throw this.fault('BAD_HEADER', `',' or '${closing.at(-1)}' must follow`);
      this.memberName(closing.at(-1)!);
    }
  }

  private memberName(close: '}' | ']'): void {
    if (close === ']') return;
    this.string('a name in quotes');
    if (!this.take(':')) throw this.fault('BAD_HEADER', "':' must follow the name");
  }

  private scalar(): void {
    const first = this.peek();
    if (first === '"') this.string('a string');
    else if (/[-0-9]/.test(first)) {
      if (this.number() === undefined) throw this.fault('BAD_HEADER', 'no number that JSON has');
    } else if (!['true', 'false', 'null'].some((word) => this.word(word)))
      throw this.fault('BAD_HEADER', 'no value that JSON has');
  }

  private word(word: string): boolean {
    const found = [...word].every((letter, i) => this.bytes[this.at + i] === letter.charCodeAt(0));
    if (found) this.at += word.length;
    return found;
  }

  /** Nothing but white space may follow. */
  finish(): void {
    this.space();
    if (this.at < this.bytes.length) throw this.fault('BAD_HEADER', 'something follows the JSON value');
  }

  /** The next character that is no white space; '' at the end. */
  peek(): string {
    this.space();
    return this.at < this.bytes.length ? String.fromCharCode(this.bytes[this.at]!) : '';
  }

  private take(character: string): boolean {
    if (this.peek() !== character) return false;
    this.at++;
    return true;
  }

  private space(): void {
    for (; ; this.at++) {
      const byte = this.bytes[this.at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
    }
  }
}
