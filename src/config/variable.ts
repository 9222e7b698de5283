import { isIn, isInt, isIP, isTimeZone, max, min, ValidateBy } from 'class-validator';
import { Transform } from 'class-transformer';
import ms, { type StringValue } from 'ms';

/** Documentation of a variable: the unit of its value and its effect. */
export interface VariableNote {
  unit: string;
  about: string;
}

/** A variable of the schema. */
export interface Variable extends VariableNote {
  name: string;
  /** Description of valid values. */
  allowed: string;
}

const declared = new WeakMap<object, Variable[]>();

/** The variables of a schema class, in the order of its properties. */
export function variablesOf(schema: new () => object): readonly Variable[] {
  return declared.get(schema.prototype as object) ?? [];
}

/** Declares a property as a variable, with its note and the values that class-validator accepts. */
function variable(note: VariableNote, allowed: string, accepts: (value: unknown) => boolean): PropertyDecorator {
  const check = ValidateBy({ name: 'variable', validator: { validate: accepts, defaultMessage: () => allowed } });
  return (target, key) => {
    const variables = declared.get(target) ?? [];
    declared.set(target, [...variables, { ...note, name: String(key), allowed }]);
    check(target, key);
  };
}

/** Converts texts of one form to values; other text stays as it is, and the check refuses it. */
function read(form: RegExp, parse: (text: string) => unknown): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && form.test(value) ? parse(value) : value,
  );
}

function both(...decorators: PropertyDecorator[]): PropertyDecorator {
  return (target, key) => decorators.forEach((decorate) => decorate(target, key));
}

export function WholeNumber(note: VariableNote, least: number, most: number): PropertyDecorator {
  return both(
    read(/^\d{1,15}$/, Number),
    variable(note, `a whole number from ${least} to ${most}`, (v) => isInt(v) && min(v, least) && max(v, most)),
  );
}

export function OneOf(note: VariableNote, values: readonly string[]): PropertyDecorator {
  return variable(note, values.join(' or '), (value) => isIn(value, values));
}

export function Flag(note: VariableNote): PropertyDecorator {
  return both(
    read(/^(true|false)$/, (text) => text === 'true'),
    variable(note, 'true or false', (value) => typeof value === 'boolean'),
  );
}

/** A duration with its unit. It stays text, as the scheduler takes it. */
export function DurationText(note: VariableNote, least: StringValue, most: StringValue): PropertyDecorator {
  return variable(note, `${least} to ${most}, a number with its unit such as 500ms, 15s or 2m`, (value) => {
    if (typeof value !== 'string' || !/^\d+(\.\d+)?(ms|s|m|h)$/.test(value) || value.length > 20) return false;
    const length = ms(value as StringValue);
    return length >= ms(least) && length <= ms(most);
  });
}

export function Address(note: VariableNote): PropertyDecorator {
  const hostName = /^(?!.*\.\d+$)[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9-]{1,63})*$/i;
  return variable(note, 'an IP address or a host name', (value) => {
    return typeof value === 'string' && value.length <= 253 && (isIP(value) || hostName.test(value));
  });
}

export function Path(note: VariableNote): PropertyDecorator {
  return variable(note, 'a path, at most 1024 characters', (value) => {
    return typeof value === 'string' && value.trim() !== '' && value.length <= 1024 && !value.includes('\0');
  });
}

/** A name. */
export function Name(note: VariableNote): PropertyDecorator {
  return variable(note, '1 to 128 of A-Z a-z 0-9 . _ : -', (value) => {
    return typeof value === 'string' && /^[A-Za-z0-9._:-]{1,128}$/.test(value) && value !== '__proto__';
  });
}

/** Secret text. A trailing line break comes from the file that contains it, and is removed. */
export function Secret(note: VariableNote): PropertyDecorator {
  return variable(note, 'empty for none, otherwise at most 512 characters without line breaks', (value) => {
    return typeof value === 'string' && value.length <= 512 && !/\p{Cc}/u.test(value);
  });
}

/** A secret for access: long enough not to be guessed, of characters that are valid in a header. */
export function Token(note: VariableNote): PropertyDecorator {
  return variable(note, 'empty for none, otherwise 16 to 512 of A-Z a-z 0-9 . _ ~ + / = -', (value) => {
    return typeof value === 'string' && (value === '' || /^[A-Za-z0-9._~+/=-]{16,512}$/.test(value));
  });
}

export function RedisUrl(note: VariableNote): PropertyDecorator {
  return Parsed(note, 'redis://[user:password@]host[:port][/db], or rediss:// for TLS', (text) => {
    const { protocol, hostname, port, pathname, search, hash, username, password } = new URL(text);
    const db = /^\/?(\d{0,5})$/.exec(pathname)?.[1];
    const isPlace =
      /^rediss?:$/.test(protocol) && hostname !== '' && port !== '0' && Number(db ?? Number.NaN) <= 65_535;
    // URL ignores white space and line breaks.
    if (!isPlace || search !== '' || hash !== '' || /\s/.test(text)) throw new TypeError('not such a URL');
    decodeURIComponent(username + password);
  });
}

export function TimeZoneName(note: VariableNote): PropertyDecorator {
  return variable(note, 'an IANA time zone such as UTC or America/Chicago', isTimeZone);
}

/** Text for which `parse` does not throw. */
export function Parsed(note: VariableNote, allowed: string, parse: (text: string) => unknown): PropertyDecorator {
  return variable(note, allowed, (value) => {
    try {
      parse(value as string);
      return true;
    } catch {
      return false;
    }
  });
}
