import { PageHead } from '../../components/page-head.tsx';

export function AnalyticsPage() {
  return <PageHead title="Analytics" />;
}
