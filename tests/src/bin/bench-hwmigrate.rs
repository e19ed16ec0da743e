//! The benchmark's calls through hwmigrate, with its ordinary settings.

use hwmigrate::api::oms::types::TaskStatus;
use hwmigrate::{Client, Credentials, Environment, Secret, Service};
use hwmigrate_tests::load::{Failure, Orders, PAGE, PROJECT, TASK, Workload, drive, token};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let orders = Orders::read()?;
    let client = Client::builder()
        .environment(Environment::empty())
        .region("cn-north-4")
        .project_id(PROJECT)
        .credentials(Credentials::token(Secret::from(token()), None))
        .endpoint(Service::Oms, &orders.url)
        .build()?;
    let tasks = client.oms().tasks();

    if orders.workload == Workload::List {
        return drive(&orders, move || {
            let list = tasks.list().page_size(PAGE as u32);
            async move {
                let page = list.page(0).await?;
                let right = page.items.len() == PAGE && page.count == Some(PAGE as u64);
                if right { Ok(()) } else { Err("the wrong page".into()) }
            }
        })
        .await;
    }
    drive(&orders, move || {
        let tasks = tasks.clone();
        async move {
            let task = tasks.show(TASK).await?.into_inner();
            let right = task.id == Some(TASK) && task.status == Some(TaskStatus::Succeeded);
            if right { Ok(()) } else { Err("the wrong task".into()) }
        }
    })
    .await
}
