import { Checkbox } from "@/kernel/kit";

interface SeveralProps {
  label: string;
  options: readonly string[];
  value: readonly string[];
  onChange(value: string[]): void;
}

/** Any number of a few fixed words. */
export function Several({ label, options, value, onChange }: SeveralProps) {
  return (
    <fieldset className="inventory-several">
      <legend className="field-label">{label}</legend>
      {options.map((option) => (
        <Checkbox
          key={option}
          label={option}
          checked={value.includes(option)}
          onChange={(event) =>
            onChange(event.target.checked ? [...value, option] : value.filter((one) => one !== option))
          }
        />
      ))}
    </fieldset>
  );
}
