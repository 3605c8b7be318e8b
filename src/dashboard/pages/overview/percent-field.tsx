import { useId } from 'preact/hooks';

/** The share of rejects above which a file is held: undefined where the field is empty, `invalid` where it is no percentage. */
export function percentOf(text: string): number | undefined | 'invalid' {
  if (text.trim() === '') return undefined;
  const percent = Number(text);
  return percent >= 0 && percent <= 100 ? percent : 'invalid';
}

export function PercentField({ value, onInput }: { readonly value: string; readonly onInput: (text: string) => void }) {
  const id = useId();
  const hintId = useId();
  const isValid = percentOf(value) !== 'invalid';
  return (
    <div class="field">
      <label for={id}>Hold a file if more than this share of its rows is rejected</label>
      <span class="percent-input">
        <input
          id={id}
          type="text"
          inputMode="decimal"
          value={value}
          placeholder="such as 5"
          aria-describedby={hintId}
          aria-invalid={!isValid}
          onInput={(event) => onInput(event.currentTarget.value)}
        />{' '}
        %
      </span>
      <p id={hintId} class={isValid ? 'field-hint' : 'field-error'}>
        {isValid
          ? 'No row of a held file is visible until you release it. Empty: as the service is set.'
          : 'A number from 0 to 100, such as 5 or 0.5.'}
      </p>
    </div>
  );
}
