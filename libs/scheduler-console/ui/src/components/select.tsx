import type { ControlProps } from './field';

interface SelectProps extends ControlProps {
  options: readonly (readonly [value: string, text: string])[];
  /** Chosen until the reader chooses. */
  initial?: string;
  onChoose?: (value: string) => void;
}

export function Select({ options, initial, onChoose, ...control }: SelectProps) {
  return (
    <select {...control} onChange={(event) => onChoose?.(event.currentTarget.value)}>
      {options.map(([value, text]) => (
        <option key={value} value={value} selected={value === initial}>
          {text}
        </option>
      ))}
    </select>
  );
}
