BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    function Get-Auth([string] $User) { [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes("${User}:CANARY-hidden-secret")) }
    $path = $env:PATH
}

Describe 'Get-ImageRegistry' {
    AfterEach { $env:DOCKER_CONFIG = $null; $env:PATH = $path }
    BeforeAll {
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive 'listed')).FullName
        @{
            auths = [ordered]@{ 'ghcr.io' = @{ auth = Get-Auth ann }; 'quay.io' = @{ auth = Get-Auth bob }; 'az.example.com' = @{ auth = Get-Auth '<token>'; identitytoken = 'CANARY-hidden-token' } }
            credHelpers = @{ 'gcr.io' = 'listing'; 'broken.example.com' = 'broken' }
        } | ConvertTo-Json -Depth 5 | Set-Content "$folder/config.json"
        foreach ($helper in @{ Name = 'listing'; Text = 'echo ''{"https://gcr.io":"carl"}''' }, @{ Name = 'broken'; Text = 'echo CANARY-hidden-secret; exit 1' }) {
            Set-Content "$folder/docker-credential-$($helper.Name)" "#!/bin/sh`n$($helper.Text)`n"
            chmod 755 "$folder/docker-credential-$($helper.Name)"
        }
    }
    BeforeEach { $env:DOCKER_CONFIG = $folder; $env:PATH = "$folder$([IO.Path]::PathSeparator)$path" }

    It 'lists logins with user, kind and place, and goes on past a helper that fails' {
        $logins = @(Get-ImageRegistry -ErrorAction SilentlyContinue -ErrorVariable failure)
        $logins | ForEach-Object { "$_ $($_.UserName) $($_.Kind) $($_.Place) $($_.Source)" } | Should -Be @(
            'gcr.io carl Password Helper docker-credential-listing', "ghcr.io ann Password File $folder/config.json"
            "quay.io bob Password File $folder/config.json", "az.example.com  IdentityToken File $folder/config.json")
        $failure.FullyQualifiedErrorId | Should -BeExactly 'CredentialStoreFailed,OciTools.Commands.GetImageRegistryCommand'
        "$logins $failure $($failure.Exception) $($logins | Format-List * -Force | Out-String)" | Should -Not -Match 'hidden'
    }
    It 'lists those that fit' {
        (Get-ImageRegistry *.IO -ErrorAction SilentlyContinue).Registry | Should -Be 'gcr.io', 'ghcr.io', 'quay.io'
        (Get-ImageRegistry quay.io, az* -ErrorAction SilentlyContinue).Registry | Should -Be 'quay.io', 'az.example.com'
        { Get-ImageRegistry '[a' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidImageName,*'
    }
    It 'has a view of its own' {
        $PSStyle.OutputRendering = 'PlainText'
        $lines = (Get-ImageRegistry -ErrorAction SilentlyContinue | Out-String -Width 100) -split '\r?\n' | Where-Object { $_ }
        $lines[0] | Should -Match '^Registry +UserName +Kind +Place +Source$'
        $lines.Count | Should -Be 6
        $lines | Where-Object Length -GT 100 | Should -BeNullOrEmpty
    }
    It 'is silent where there is none' {
        $env:DOCKER_CONFIG = Join-Path $TestDrive 'nothing'
        Get-ImageRegistry -ErrorAction Stop | Should -BeNullOrEmpty
    }
}
