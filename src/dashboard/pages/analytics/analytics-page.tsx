import { PageHead } from '../../components/page-head.tsx';
import { PurchasesSection } from './purchases-section.tsx';
import { UsersSection } from './users-section.tsx';
import './analytics-page.css';

export function AnalyticsPage() {
  return (
    <>
      <PageHead title="Analytics" />
      <PurchasesSection />
      <UsersSection />
    </>
  );
}
