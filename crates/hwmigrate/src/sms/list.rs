//! What the service's five lists have in common.

/// Largest offset that the service takes; it counts records.
pub(super) const LAST_OFFSET: u64 = 65_535;

/// The ways to read a list, for a struct with the fields `sms` and `extent`
/// and a method `read(&self, offset: i32, size: i32) -> Result<Response<Page<_>>>`.
macro_rules! reading {
    ($list:ty, $item:ty, $operation:literal, $largest:literal, $id:expr) => {
        impl $list {
            #[doc = concat!("Records per request, 1 to ", $largest, "; ", $largest, " unless said otherwise.")]
            pub fn page_size(mut self, size: u32) -> Self {
                self.extent.page_size = size;
                self
            }

            /// At most so many records in all.
            pub fn limit(mut self, records: u64) -> Self {
                self.extent.limit = Some(records);
                self
            }

            /// One page, beginning at the record number `offset`, 0 to 65535.
            ///
            /// # Errors
            #[doc = concat!("`Invalid` for a page size outside 1 to ", $largest, " or an offset beyond 65535.")]
            pub async fn page(&self, offset: u64) -> $crate::Result<$crate::Response<$crate::sms::Page<$item>>> {
                self.checked(offset, self.extent.page_size).await
            }

            async fn checked(
                &self,
                offset: u64,
                size: u32,
            ) -> $crate::Result<$crate::Response<$crate::sms::Page<$item>>> {
                self.extent.check($operation, offset)?;
                // Both are within their limits here.
                let (offset, size) =
                    (i32::try_from(offset).unwrap_or(i32::MAX), i32::try_from(size).unwrap_or(i32::MAX));
                self.read(offset, size).await
            }

            /// All records, page after page as they are asked for, each id once.
            pub fn stream(self) -> impl ::futures_core::Stream<Item = $crate::Result<$item>> + Send {
                ::futures_util::TryStreamExt::map_ok(self.records(), $crate::sms::Record::into_inner)
            }

            /// As [`stream`](Self::stream), each record with the answer it came in.
            pub fn records(
                self,
            ) -> impl ::futures_core::Stream<Item = $crate::Result<$crate::sms::Record<$item>>> + Send {
                let extent = self.extent;
                let list = ::std::sync::Arc::new(self);
                $crate::jobs::paging::records($operation, extent, $id, move |offset, size| {
                    let list = ::std::sync::Arc::clone(&list);
                    async move { list.checked(offset, size).await }
                })
            }

            /// All records at once.
            ///
            /// # Errors
            /// The first error of a page.
            pub async fn all(self) -> $crate::Result<Vec<$item>> {
                ::futures_util::TryStreamExt::try_collect(self.stream()).await
            }
        }
    };
}
pub(super) use reading;
