import {
  type InputHTMLAttributes,
  type ReactNode,
  type Ref,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
  useState,
} from "react";
import { useText } from "../i18n/area";
import { kernelText } from "../i18n/kernel";
import { cx } from "./cx";
import "./field.css";
import { Eye, EyeOff } from "./icons";

interface Wiring {
  id: string;
  "aria-describedby"?: string;
  "aria-invalid"?: true;
}

interface FieldProps {
  label: ReactNode;
  /** One line below the label that says what the value does. */
  help?: ReactNode;
  /** What is wrong and what to do; announced and tied to the control. */
  error?: string;
  hideLabel?: boolean;
  className?: string;
  children: (wiring: Wiring) => ReactNode;
}

/** Label, help and error around any control; the control spreads the wiring it is handed. */
export function Field({ label, help, error, hideLabel, className, children }: FieldProps) {
  const id = useId();
  const notes = [help && `${id}-help`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div className={cx("field", className)}>
      <label htmlFor={id} className={cx("field-label", hideLabel && "sr-only")}>
        {label}
      </label>
      {children({ id, "aria-describedby": notes || undefined, "aria-invalid": error ? true : undefined })}
      {help && (
        <p id={`${id}-help`} className="meta">
          {help}
        </p>
      )}
      <p id={`${id}-error`} className="field-error" aria-live="polite">
        {error}
      </p>
    </div>
  );
}

type Around = Pick<FieldProps, "label" | "help" | "error" | "hideLabel">;

export interface InputProps extends InputHTMLAttributes<HTMLInputElement>, Around {
  ref?: Ref<HTMLInputElement>;
}

export function Input({ label, help, error, hideLabel, className, ...rest }: InputProps) {
  const around = { label, help, error, hideLabel, className };
  return <Field {...around}>{(wiring) => <input className="input" {...rest} {...wiring} />}</Field>;
}

/** A password field with a button that shows what was typed. */
export function PasswordInput({
  label,
  help,
  error,
  hideLabel,
  className,
  startShown = false,
  ...rest
}: InputProps & { startShown?: boolean }) {
  const t = useText(kernelText);
  const [shown, setShown] = useState(startShown);
  const Shape = shown ? EyeOff : Eye;
  return (
    <Field {...{ label, help, error, hideLabel, className }}>
      {(wiring) => (
        <span className="input-group">
          <input
            className="input"
            autoCapitalize="none"
            spellCheck={false}
            {...rest}
            {...wiring}
            type={shown ? "text" : "password"}
          />
          <button
            type="button"
            className="icon-btn"
            aria-label={t.kit.showPassword}
            aria-pressed={shown}
            onClick={() => setShown(!shown)}
          >
            <Shape size={18} strokeWidth={1.75} aria-hidden />
          </button>
        </span>
      )}
    </Field>
  );
}

export interface SelectProps extends SelectHTMLAttributes<HTMLSelectElement>, Around {
  options: readonly { value: string; label: string }[];
}

export function Select({ label, help, error, hideLabel, className, options, ...rest }: SelectProps) {
  return (
    <Field {...{ label, help, error, hideLabel, className }}>
      {(wiring) => (
        <select className="input select" {...rest} {...wiring}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function Textarea({
  label,
  help,
  error,
  hideLabel,
  className,
  ...rest
}: TextareaHTMLAttributes<HTMLTextAreaElement> & Around) {
  return (
    <Field {...{ label, help, error, hideLabel, className }}>
      {(wiring) => <textarea rows={3} className="input textarea" {...rest} {...wiring} />}
    </Field>
  );
}

interface ToggleProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "type" | "role"> {
  label: ReactNode;
  help?: ReactNode;
}

/** On or off, at once. Inside a form that is saved later use a Checkbox. */
export function Switch(props: ToggleProps) {
  return <Toggle {...props} kind="switch" />;
}

export function Checkbox(props: ToggleProps) {
  return <Toggle {...props} kind="checkbox" />;
}

export function Radio(props: ToggleProps) {
  return <Toggle {...props} kind="radio" />;
}

function Toggle({
  label,
  help,
  kind,
  className,
  ...rest
}: ToggleProps & { kind: "switch" | "checkbox" | "radio" }) {
  const id = useId();
  return (
    <label className={cx("toggle", className)} htmlFor={id}>
      <input
        {...rest}
        id={id}
        type={kind === "radio" ? "radio" : "checkbox"}
        role={kind === "switch" ? "switch" : undefined}
        className={kind === "switch" ? "switch" : "check"}
        aria-describedby={help ? `${id}-help` : undefined}
      />
      <span>
        {label}
        {help && (
          <span id={`${id}-help`} className="meta toggle-help">
            {help}
          </span>
        )}
      </span>
    </label>
  );
}
