import { useId, useState } from 'preact/hooks';
import { enterApiKey, keyDemand } from '../api/api-key.ts';
import { isPossibleKey } from '../api/possible-key.ts';
import { Modal } from '../components/modal.tsx';
import { useStore } from '../state/use-store.ts';

const WRONG = 'That key is wrong. Copy it whole, without quotes.';
const IMPOSSIBLE =
  'That can not be the key: one has only letters, digits and signs of ASCII, without spaces. Copy it whole, without quotes.';

/** Asks for the key when a call was refused for want of it. There is no page without it, so it can't be closed. */
export function KeyDialog() {
  const demand = useStore(keyDemand);
  const [text, setText] = useState('');
  const [isImpossible, setImpossible] = useState(false);
  const inputId = useId();
  const errorId = useId();
  if (demand === 'none') return null;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const key = text.trim();
    if (key === '') return;
    setImpossible(!isPossibleKey(key));
    if (!isPossibleKey(key)) return;
    setText('');
    enterApiKey(key);
  };
  const fault = isImpossible ? IMPOSSIBLE : demand === 'wrong' ? WRONG : '';
  return (
    <Modal title="Enter the API key">
      <form class="stack" onSubmit={submit}>
        <p>
          This Sluice is protected. The key is what its operator set as <code>API_KEY</code>, in the environment or in{' '}
          <code>.env</code>. It is kept for this tab only.
        </p>
        <div class="field">
          <label for={inputId}>API key</label>
          <input
            id={inputId}
            type="password"
            autoComplete="off"
            spellcheck={false}
            required
            value={text}
            aria-invalid={fault !== ''}
            aria-describedby={errorId}
            onInput={(event) => setText(event.currentTarget.value)}
          />
          <p id={errorId} class="field-error" role="alert">
            {fault}
          </p>
        </div>
        <div class="actions">
          <button type="submit" class="button primary">
            Continue
          </button>
        </div>
      </form>
    </Modal>
  );
}
