#[derive(::graph::serde::Serialize)]
#[serde(crate = "::graph::serde", rename_all = "camelCase")]
pub(crate) struct GetProfile;
#[automatically_derived]
impl ::graph::__private::Action for GetProfile {
    const METHOD: ::graph::__private::Method = ::graph::__private::Method::GET;
    const PATH: &'static str = "/deviceManagement/androidForWorkEnrollmentProfiles/<id>";
    const VERSION: ::graph::__private::ApiVersion = ::graph::__private::ApiVersion::V1;
    const PERMISSIONS: ::graph::__private::Permissions = ::graph::__private::Permissions {
        delegated: &[
            "DeviceManagementConfiguration.Read.All",
            "DeviceManagementConfiguration.ReadWrite.All",
        ],
        personal: &[],
        application: &[
            "DeviceManagementConfiguration.Read.All",
            "DeviceManagementConfiguration.ReadWrite.All",
        ],
    };
    const IDEMPOTENT: bool = true;
    type Response = Profile;
}
impl GetProfile {
    /// Prepares `GET /deviceManagement/androidForWorkEnrollmentProfiles/<id>`, version `v1.0`.
    ///
    /// | caller | one of these permissions, least privileged first |
    /// | --- | --- |
    /// | delegated, work or school account | `DeviceManagementConfiguration.Read.All`, `DeviceManagementConfiguration.ReadWrite.All` |
    /// | delegated, personal Microsoft account | not supported |
    /// | application | `DeviceManagementConfiguration.Read.All`, `DeviceManagementConfiguration.ReadWrite.All` |
    pub(crate) fn request(
        &self,
        id: impl ::graph::__private::PathValue,
    ) -> ::graph::__private::Request<Self> {
        ::graph::__private::request(
            &[
                ::graph::__private::Part::Text(
                    "/deviceManagement/androidForWorkEnrollmentProfiles/",
                ),
                ::graph::__private::Part::Value("id", &id),
            ],
            &[],
            ::graph::__private::Payload::none(),
        )
    }
}
